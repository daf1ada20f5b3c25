/**
 * ClickHouse as the doctor sees it: whether it is there, what it is, and what one may do there. Changes nothing.
 */
import { createClient } from '@clickhouse/client'
import { StartError } from '../../links/errors.ts'
import type { TlsFiles } from '../../links/tls-files.ts'
import { CLICKHOUSE_COMMON, clickHouseRefusal, clickHouseTarget } from './clickhouse-connection.ts'

export interface ClickHouseFacts {
  readonly where: string
  readonly version: string
  /** Of the server's clock, with when it was read here. */
  readonly clock: { readonly server: number; readonly here: number }
  /** Why clicks cannot be kept there; undefined: they can, or the server does not tell. */
  readonly whyNoWrites: string | undefined
}

const CALL_MS_MAX = 3_000
const FACTS = 'SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS time'
const MAY_WRITE = 'CHECK GRANT SELECT, INSERT, CREATE TABLE, ALTER ON {name:Identifier}.*'

/** @throws StartError with what is wrong */
export async function examineClickHouse(
  url: string,
  namespace: string,
  tls?: TlsFiles,
): Promise<ClickHouseFacts> {
  const { database, ...target } = clickHouseTarget({ url, namespace, tls })
  const where = `ClickHouse at ${new URL(target.url).host}, database ${database}`
  const client = createClient({ ...target, ...CLICKHOUSE_COMMON, request_timeout: CALL_MS_MAX })
  const rows = async (query: string) => {
    const answer = await client.query({
      query,
      query_params: { name: database },
      format: 'JSONEachRow',
    })
    return answer.json<Record<string, unknown>>()
  }
  try {
    const before = Date.now()
    const [facts] = await rows(FACTS)
    const here = (before + Date.now()) / 2
    // Servers before 24.10 do not know the question.
    const [answer] = await rows(MAY_WRITE).catch(() => [])
    const mayWrite = answer === undefined || Number(Object.values(answer)[0]) === 1
    return {
      where,
      version: String(facts!['version']),
      clock: { server: Number(facts!['time']), here },
      whyNoWrites: mayWrite ? undefined : `the user may not make, fill and read its tables`,
    }
  } catch (error) {
    throw error instanceof StartError ? error : clickHouseRefusal(where, error, tls)
  } finally {
    await client.close()
  }
}

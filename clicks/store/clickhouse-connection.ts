/**
 * A connection to ClickHouse by its HTTP interface: statements in, rows out, errors in our own words.
 *
 * Used by the files of this store. Values are always bound as parameters (`ClickHouseDialect`). What fails,
 * fails with click_store_unavailable; a cause tells the server's own words, and never the URL, which may
 * hold a password. Each statement has its time, on the server too. What is read there ends with its request: when
 * the signal is aborted, or a stream is left.
 */
import https from 'node:https'
import {
  ClickHouseError,
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseSettings,
} from '@clickhouse/client'
import { StartError, TinygridError } from '../../links/errors.ts'
import { readTlsFiles, tlsFailureOf, type TlsFiles } from '../../links/tls-files.ts'

export interface ClickHouseSettingsOfStore {
  /** `http://user:password@host:8123/database`; without a database its name is `namespace`. */
  readonly url: string
  readonly namespace: string
  /** A question that takes longer is broken off. */
  readonly questionMsMax: number
  /** For `https://`. */
  readonly tls?: TlsFiles | undefined
}

const NO_FILES: TlsFiles = { prefix: 'CLICKHOUSE_TLS' }

export type Parameters = Readonly<Record<string, unknown>>
export type Row = Record<string, unknown>

/** How much longer than a question it may take to remove, to roll up and to export. */
const LONG_FACTOR = 20
/** By which the server ends a statement before the client gives it up. */
const MARGIN_MS = 2_000
const CONNECTIONS_MAX = 10
/** Unknown user, wrong password, no access: ClickHouse's `ErrorCodes.cpp`. */
const CREDENTIALS_REFUSED = new Set(['192', '193', '194', '497', '516'])
/** Of what sorting may take of the server's memory, before it goes to its disk. */
const SORT_BYTES_MAX = 2 ** 28

const READ_SETTINGS: ClickHouseSettings = {
  // The key has the time in it, so that no click is in two partitions.
  do_not_merge_across_partitions_select_final: 1,
  join_use_nulls: 0,
  prefer_column_name_to_alias: 1,
  max_bytes_before_external_sort: String(SORT_BYTES_MAX),
}

const READING_SETTINGS: ClickHouseSettings = {
  ...READ_SETTINGS,
  // The server ends with its request only what is declared to write nothing. 2: other settings may be given.
  readonly: '2',
  cancel_http_readonly_queries_on_client_close: 1,
}

const INSERT_SETTINGS: ClickHouseSettings = {
  // What was answered is to be in the table.
  async_insert: 0,
  // Clocks may be wrong by any number of days.
  max_partitions_per_insert_block: '0',
}

export class ClickHouseConnection {
  readonly #client: ClickHouseClient
  readonly #long: ClickHouseClient
  readonly #msMax: number
  /** For people: where it is, without credentials. */
  readonly where: string

  private constructor(target: Target, msMax: number) {
    const options = { ...target, ...CLICKHOUSE_COMMON }
    this.#msMax = msMax
    this.where = `ClickHouse at ${new URL(target.url).host}, database ${target.database}`
    this.#client = createClient({ ...options, request_timeout: msMax + MARGIN_MS })
    this.#long = createClient({ ...options, request_timeout: msMax * LONG_FACTOR + MARGIN_MS })
  }

  /** Makes the database if it is missing. @throws StartError */
  static async open(settings: ClickHouseSettingsOfStore): Promise<ClickHouseConnection> {
    const { tls = NO_FILES } = settings
    const target = clickHouseTarget(settings)
    const connection = new ClickHouseConnection(target, settings.questionMsMax)
    // Whoever may not make databases has one already.
    const maker = createClient({ ...target, ...CLICKHOUSE_COMMON, database: 'default' })
    try {
      await maker.command({
        query: 'CREATE DATABASE IF NOT EXISTS {name:Identifier}',
        query_params: { name: target.database },
      })
    } catch (error) {
      const isThere = await connection.rows('SELECT 1').catch(() => [])
      if (isThere.length > 0) return connection
      await connection.close()
      throw clickHouseRefusal(connection.where, error, tls)
    } finally {
      await maker.close()
    }
    return connection
  }

  async rows(sql: string, values: Parameters = {}, signal?: AbortSignal): Promise<Row[]> {
    return this.#guarded(async () => {
      const result = await this.#client.query({
        query: sql,
        query_params: { ...values },
        format: 'JSONEachRow',
        clickhouse_settings: { ...READING_SETTINGS, ...within(this.#msMax) },
        ...abortedBy(signal),
      })
      return result.json<Row>()
    })
  }

  async run(sql: string, values: Parameters = {}, settings: ClickHouseSettings = {}) {
    await this.#guarded(() =>
      this.#long.command({
        query: sql,
        query_params: { ...values },
        clickhouse_settings: {
          ...READ_SETTINGS,
          ...INSERT_SETTINGS,
          ...within(this.#msMax * LONG_FACTOR),
          ...settings,
        },
      }),
    )
  }

  /** Resolves once the rows are in the table. If it rejects, all, some or none of them are. */
  async insert(
    table: string,
    columns: [string, ...string[]],
    rows: readonly unknown[][],
    token = '',
  ) {
    await this.#guarded(() =>
      this.#client.insert({
        table,
        columns,
        values: [...rows],
        format: 'JSONCompactEachRow',
        clickhouse_settings: {
          ...INSERT_SETTINGS,
          ...within(this.#msMax),
          insert_deduplicate: token === '' ? 0 : 1,
          insert_deduplication_token: token,
        },
      }),
    )
  }

  /** Rows as lists, in pieces as they come. */
  async *stream(
    sql: string,
    values: Parameters,
    signal?: AbortSignal,
  ): AsyncGenerator<unknown[][]> {
    try {
      const result = await this.#long.query({
        query: sql,
        query_params: { ...values },
        format: 'JSONCompactEachRow',
        clickhouse_settings: { ...READING_SETTINGS, ...within(this.#msMax * LONG_FACTOR) },
        ...abortedBy(signal),
      })
      for await (const rows of result.stream<unknown[]>()) yield rows.map((row) => row.json())
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** What the server gives in a format that is named at the end of the statement. */
  async *bytes(sql: string, values: Parameters, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      const { stream } = await this.#long.exec({
        query: sql,
        query_params: { ...values },
        clickhouse_settings: { ...READING_SETTINGS, ...within(this.#msMax * LONG_FACTOR) },
        ...abortedBy(signal),
      })
      yield* stream as AsyncIterable<Uint8Array>
    } catch (error) {
      throw unavailable(error)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#long.close()])
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw unavailable(error)
    }
  }
}

/** The driver writes no line by itself; long lists of values go in the body of a request. */
export const CLICKHOUSE_COMMON = {
  log: { level: ClickHouseLogLevel.OFF },
  max_open_connections: CONNECTIONS_MAX,
  use_multipart_params_auto: true,
  application: 'tinygrid',
} as const

type Place = Pick<ClickHouseSettingsOfStore, 'url' | 'namespace' | 'tls'>

interface Target {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly database: string
  readonly http_agent?: https.Agent
}

/** @throws StartError */
export function clickHouseTarget({ url, namespace, tls = NO_FILES }: Place): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new StartError(
      'CLICKHOUSE_URL cannot be read; it must be http(s)://user:password@host/database',
    )
  }
  return {
    url: parsed.origin,
    username: decodeURIComponent(parsed.username) || 'default',
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)) || namespace,
    ...(parsed.protocol === 'https:' && { http_agent: agentOf(tls) }),
  }
}

/** The driver knows of certificates, and of no name that they have to be for. */
function agentOf(files: TlsFiles): https.Agent {
  return new https.Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    ...readTlsFiles(files),
  })
}

function within(ms: number): ClickHouseSettings {
  return { max_execution_time: Math.ceil(ms / 1_000) }
}

function abortedBy(signal: AbortSignal | undefined): { abort_signal?: AbortSignal } {
  return signal === undefined ? {} : { abort_signal: signal }
}

function unavailable(error: unknown): TinygridError {
  if (error instanceof TinygridError) return error
  return new TinygridError('click_store_unavailable', { cause: error })
}

export function clickHouseRefusal(
  where: string,
  error: unknown,
  tls: TlsFiles = NO_FILES,
): StartError {
  const failure = tlsFailureOf(error, tls)
  if (failure !== undefined) return new StartError(`${where} ${failure}`, { cause: error })
  if (error instanceof ClickHouseError && CREDENTIALS_REFUSED.has(error.code)) {
    return new StartError(`${where} refuses the credentials in CLICKHOUSE_URL`)
  }
  const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  return new StartError(`${where} cannot be reached: ${reason}`, { cause: error })
}

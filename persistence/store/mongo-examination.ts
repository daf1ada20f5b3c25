/**
 * MongoDB as the doctor sees it: whether it is there, what it is, and whether one may write there.
 *
 * Used by `node/doctor/`. Writes one document into a collection of its own, waits as a flush does for a majority,
 * and drops it.
 */
import { MongoClient } from 'mongodb'
import { StartError } from '../../links/errors.ts'
import { readTlsFiles, tlsFailureOf, type TlsFiles } from '../../links/tls-files.ts'
import { databaseOf, MONGO_URL_TAKES } from './mongo-database.ts'
import { isCredentialsRefusal } from './mongo-failure.ts'
import { serverKindOf, type ServerKind } from './mongo-way.ts'

export interface MongoFacts {
  readonly where: string
  readonly version: string
  readonly kind: ServerKind
  /** Of the server's clock, with when it was read here. */
  readonly clock: { readonly server: number; readonly here: number } | undefined
  /** Why nothing can be written; undefined: it can. */
  readonly whyNoWrites: string | undefined
}

const CALL_MS_MAX = 3_000
const NO_FILES: TlsFiles = { prefix: 'MONGO_TLS' }

/** @throws StartError with what is wrong */
export async function examineMongo(
  url: string,
  namespace: string,
  tls: TlsFiles = NO_FILES,
): Promise<MongoFacts> {
  const client = clientOf(url, tls)
  const where = `MongoDB at ${client.options.hosts.map(String).join(', ')}`
  try {
    await client.connect()
    const database = client.db(databaseOf({ url, namespace }))
    const kind = await serverKindOf(database, CALL_MS_MAX)
    const { version } = await database.command({ buildInfo: 1 })
    const before = Date.now()
    const hello = await database.command({ hello: 1 })
    const here = (before + Date.now()) / 2
    const time = hello['localTime'] as Date | undefined
    const scratch = database.collection(`${namespace}.doctor`)
    const whyNoWrites = await scratch
      .insertOne(
        { at: new Date(here) },
        { writeConcern: { w: 'majority', wtimeoutMS: CALL_MS_MAX } },
      )
      .then(
        () => undefined,
        (error: Error) => error.message,
      )
    await scratch.drop().catch(() => {})
    return {
      where,
      version: String(version),
      kind,
      clock: time === undefined ? undefined : { server: time.getTime(), here },
      whyNoWrites,
    }
  } catch (error) {
    if (error instanceof StartError) throw error
    if (isCredentialsRefusal(error)) {
      throw new StartError(`${where} refuses the credentials in MONGO_URL`)
    }
    const failure = tlsFailureOf(error, tls)
    if (failure !== undefined) throw new StartError(`${where} ${failure}`)
    const why = (error as Error).message
    throw new StartError(`${where} cannot be reached: ${why}; check MONGO_URL`)
  } finally {
    await client.close(true)
  }
}

function clientOf(url: string, tls: TlsFiles): MongoClient {
  const limits = {
    serverSelectionTimeoutMS: CALL_MS_MAX,
    connectTimeoutMS: CALL_MS_MAX,
    socketTimeoutMS: CALL_MS_MAX,
    appName: 'tinygrid doctor',
    ...readTlsFiles(tls),
  }
  try {
    return new MongoClient(url, limits)
  } catch {
    throw new StartError(`MONGO_URL cannot be read; it must be ${MONGO_URL_TAKES}`)
  }
}

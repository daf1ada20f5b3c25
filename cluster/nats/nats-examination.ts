/**
 * NATS as the doctor sees it: whether it is there, what it is, and whether a node may do there what it does.
 *
 * Used by `node/doctor/`. Changes nothing: it sends itself one message, and asks for a stream that may be missing.
 */
import { randomBytes } from 'node:crypto'
import { ErrorCode, NatsError, type NatsConnection } from 'nats'
import { StartError } from '../../links/errors.ts'
import type { TlsFiles } from '../../links/tls-files.ts'
import { namesOf } from './namespace.ts'
import { connectNats, connectNatsSystem } from './nats-connection.ts'

export interface NatsFacts {
  readonly where: string
  readonly version: string
  /** Whether it is one of several. */
  readonly isClustered: boolean
  /** What JetStream may write to disk for this account; undefined: the account has no bound. */
  readonly storageBytesMax: number | undefined
}

const ANSWER_MS_MAX = 2_000
const REFUSED = new Set<string>([ErrorCode.PermissionsViolation, ErrorCode.AuthorizationViolation])
/** JetStream answers that there is no such stream: one may ask. */
const NOT_FOUND = 404

/** @throws StartError with what is wrong */
export async function examineNats(
  url: string,
  namespace: string,
  tls?: TlsFiles,
): Promise<NatsFacts> {
  const { inboxPrefix } = namesOf(namespace)
  const connection = await connectNats({ url, tls, name: `${namespace} doctor`, inboxPrefix })
  try {
    await hearItself(connection, namespace)
    await askForLog(connection, namespace)
    const manager = await connection.jetstreamManager({ checkAPI: false, timeout: ANSWER_MS_MAX })
    const { limits } = await manager.getAccountInfo()
    const { version, cluster } = connection.info!
    return {
      where: `NATS at ${connection.getServer()}`,
      version,
      isClustered: cluster !== undefined,
      storageBytesMax: limits.max_storage < 0 ? undefined : limits.max_storage,
    }
  } finally {
    await connection.close()
  }
}

/** The system account, which may be left out. @throws StartError with what is wrong */
export async function examineNatsSystem(
  url: string,
  namespace: string,
  tls?: TlsFiles,
): Promise<void> {
  await (await connectNatsSystem({ url, tls, name: `${namespace} doctor` })).close()
}

/** On a subject of those between nodes. A refusal is silence: the server tells it apart from the message. */
async function hearItself(connection: NatsConnection, namespace: string): Promise<void> {
  const subject = `MOL-${namespace}.DOCTOR.${randomBytes(4).toString('hex')}`
  const heard = Promise.withResolvers<boolean>()
  connection.subscribe(subject, { max: 1, callback: (error) => heard.resolve(error === null) })
  connection.publish(subject)
  const timer = setTimeout(() => heard.resolve(false), ANSWER_MS_MAX)
  const isHeard = await heard.promise
  clearTimeout(timer)
  if (!isHeard) throw notAllowed(connection, `to send and hear ${subject}`)
}

async function askForLog(connection: NatsConnection, namespace: string): Promise<void> {
  const { logStream } = namesOf(namespace)
  const manager = await connection.jetstreamManager({ checkAPI: false, timeout: ANSWER_MS_MAX })
  try {
    await manager.streams.info(logStream)
  } catch (error) {
    if (!(error instanceof NatsError)) throw error
    if (error.api_error?.code === NOT_FOUND) return
    if (REFUSED.has(error.code)) throw notAllowed(connection, `to use the stream ${logStream}`)
    throw new StartError(
      `NATS at ${connection.getServer()} does not tell of its streams: ${error.message}`,
    )
  }
}

function notAllowed(connection: NatsConnection, what: string): StartError {
  return new StartError(
    `NATS at ${connection.getServer()} does not allow the user in NATS_URL ${what}; ` +
      'deploy/nats-permissions.conf tells what a node does',
  )
}

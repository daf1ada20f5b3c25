/**
 * The connection to NATS: how it is made, what the server must be, and whether it stands.
 *
 * Used at the start of a node in a cluster, and by the adapters that have to know whether what they
 * are about to send can have left. A connection that once stood is made again for ever, so whatever
 * uses it needs its own time-outs and no help after an outage. Messages never hold the password.
 *
 * Rejected: waiting for a server at the start. An operator sees sooner from one line than from
 * silence that the address or the password is wrong, and what restarts processes tries again.
 */
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { connect, createInbox, ErrorCode, Events, NatsError, type NatsConnection } from 'nats'
import { parseNatsUrl, type NatsAddress, type NatsUrlSetting } from './nats-url.ts'
import { StartError } from '../../links/errors.ts'
import { readTlsFiles, tlsFailureOf, type TlsFiles } from '../../links/tls-files.ts'

export interface NatsConnectionOptions {
  /** One or more addresses separated by commas; credentials as `nats://user:password@host`. */
  readonly url: string
  /** What the server lists the connection as. */
  readonly name: string
  /** Of the subjects on which answers are awaited; by default the driver's, which observers share. */
  readonly inboxPrefix?: string
  /** For addresses with `tls://`. */
  readonly tls?: TlsFiles | undefined
}

const NO_FILES: TlsFiles = { prefix: 'NATS_TLS' }

const CONNECT_TIMEOUT_MS = 2_000
const RECONNECT_WAIT_MS = 250
/** A frozen server is noticed after two to three of these. */
const PING_INTERVAL_MS = 1_000
const PINGS_UNANSWERED_MAX = 2
const API_TIMEOUT_MS = 2_000
const ELECTION_MS_MAX = 15_000
/** The first that has batched direct reads; older ones ignore unknown options without a word. */
const VERSION_MIN = [2, 11] as const
/** Room for the largest log entry (half of it, and as much again for its encoding in a reply). */
const PAYLOAD_BYTES_MIN = 2 ** 20

/** What the driver calls a refusal of the credentials, and a wait that was too long. */
const REFUSALS = new Set<string>([ErrorCode.AuthorizationViolation, ErrorCode.BadAuthentication])
const TIMEOUTS = new Set<string>([ErrorCode.Timeout, ErrorCode.ConnectionTimeout])
const NO_RESPONDERS: string = ErrorCode.NoResponders
const FORBIDDEN: string = ErrorCode.PermissionsViolation
/** By the server's list of error codes. */
const NOT_ENABLED_FOR_ACCOUNT = 10039

/** What Node checks a certificate against where it was told of no name. */
const UNNAMED = 'localhost'

/** Connections that have lost their server and not found one again. */
const disconnected = new WeakSet<NatsConnection>()
const inboxPrefixes = new WeakMap<NatsConnection, string | undefined>()
const listeners = new WeakMap<NatsConnection, Set<() => void>>()

/** Told that something sent to a stream was not answered: it may have lost its leader. */
export type OnUnanswered = () => void

/** Connects, and checks what the server is. @throws StartError */
export async function connectNats(options: NatsConnectionOptions): Promise<NatsConnection> {
  const connection = await open(options, 'NATS_URL')
  try {
    await checkNatsServer(connection)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Connects as a user of the servers' system account, which has no JetStream. @throws StartError */
export function connectNatsSystem(options: NatsConnectionOptions): Promise<NatsConnection> {
  return open(options, 'NATS_SYSTEM_URL')
}

/** A new subject for answers that this connection may hear. */
export function newInbox(connection: NatsConnection): string {
  return createInbox(inboxPrefixes.get(connection))
}

/**
 * Whether the connection stands, as far as is known. An outage is noticed late, so true promises
 * nothing; false means that nothing sent now leaves this process at once. Of a connection that was
 * not made here it is only known whether it is closed.
 */
export function isConnected(connection: NatsConnection): boolean {
  return !connection.isClosed() && !connection.isDraining() && !disconnected.has(connection)
}

/**
 * Calls `listener` whenever the connection is lost: answers to what was sent over it never come.
 *
 * @returns ends that
 */
export function onDisconnect(connection: NatsConnection, listener: () => void): () => void {
  const all = listeners.get(connection) ?? new Set()
  listeners.set(connection, all.add(listener))
  return () => all.delete(listener)
}

export function isUnheard(error: unknown): boolean {
  return error instanceof NatsError && error.code === NO_RESPONDERS
}

/** Checks version, message size and JetStream. @throws StartError */
async function checkNatsServer(connection: NatsConnection): Promise<void> {
  const { version, max_payload: payloadBytesMax } = connection.info!
  const at = `NATS at ${connection.getServer()}`
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1])) {
    throw new StartError(`${at} is version ${version}; ${VERSION_MIN.join('.')} or later is needed`)
  }
  if (payloadBytesMax < PAYLOAD_BYTES_MIN) {
    throw new StartError(
      `${at} takes messages of ${payloadBytesMax} bytes; set its max_payload to 1MB or more`,
    )
  }
  await checkJetStream(connection, at)
}

/** Servers that elect, as after a start of all of them, are waited for. */
async function checkJetStream(connection: NatsConnection, at: string): Promise<void> {
  const manager = await connection.jetstreamManager({ checkAPI: false, timeout: API_TIMEOUT_MS })
  const deadline = performance.now() + ELECTION_MS_MAX
  while (true) {
    try {
      await manager.getAccountInfo()
      return
    } catch (cause) {
      if (!(cause instanceof NatsError)) throw cause
      const missing = missingJetStream(cause)
      if (missing !== undefined) throw new StartError(`${at} ${missing}`, { cause })
      if (performance.now() > deadline) {
        const why = cause.api_error?.description ?? cause.message
        throw new StartError(`${at} has a JetStream that is not ready: ${why}`, { cause })
      }
    }
    await new Promise((resolve) => {
      setTimeout(resolve, RECONNECT_WAIT_MS)
    })
  }
}

async function open(
  options: NatsConnectionOptions,
  setting: NatsUrlSetting,
): Promise<NatsConnection> {
  const connection = await dial(parseNatsUrl(options.url, setting), options, setting)
  inboxPrefixes.set(connection, options.inboxPrefix)
  // Ends with the connection; what a listener throws is its own business, and ends nothing.
  watch(connection).catch(() => {})
  return connection
}

async function dial(
  address: NatsAddress,
  { name, inboxPrefix, tls = NO_FILES }: NatsConnectionOptions,
  setting: NatsUrlSetting,
): Promise<NatsConnection> {
  const secured = address.options.tls && { tls: tlsOptions(address, tls) }
  try {
    return await connect({
      ...address.options,
      ...secured,
      name,
      ...(inboxPrefix !== undefined && { inboxPrefix }),
      noAsyncTraces: true,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: PINGS_UNANSWERED_MAX,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      waitOnFirstConnect: false,
      // Wrong credentials end a first connection at once; later they may be right again.
      ignoreAuthErrorAbort: true,
    })
  } catch (cause) {
    throw connectFailure(address, cause, setting, tls)
  }
}

/**
 * An address in the place of a name is not told to whoever checks the certificate: Node then takes
 * 'localhost' for it. So it is checked here whether the certificate is for one of the given addresses.
 */
function tlsOptions({ hosts }: NatsAddress, files: TlsFiles) {
  const addresses = hosts.filter((host) => isIP(host) !== 0)
  const given = readTlsFiles(files)
  const isUnnamed =
    addresses.length > 0 && !hosts.includes(UNNAMED) && given.servername === undefined
  if (!isUnnamed) return given
  const check = (host: string, cert: PeerCertificate) => {
    if (host !== UNNAMED) return checkServerIdentity(host, cert)
    const refusals = addresses.map((address) => checkServerIdentity(address, cert))
    return refusals.every((refusal) => refusal !== undefined) ? refusals[0] : undefined
  }
  return { ...given, checkServerIdentity: check }
}

/** Ends with the connection. */
async function watch(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === Events.Reconnect) disconnected.delete(connection)
    if (type !== Events.Disconnect) continue
    disconnected.add(connection)
    for (const listener of listeners.get(connection) ?? []) listener()
  }
}

function connectFailure(
  { shown, options: { tls } }: NatsAddress,
  cause: unknown,
  setting: NatsUrlSetting,
  files: TlsFiles,
): StartError {
  const { code, message, chainedError } = cause as NatsError
  const failure = tlsFailureOf(cause, files)
  if (failure !== undefined) return new StartError(`NATS at ${shown} ${failure}`, { cause })
  if (REFUSALS.has(code)) {
    return new StartError(`NATS at ${shown} refuses the credentials in ${setting}`, { cause })
  }
  // A server that wants a certificate says so behind the handshake, to nobody.
  const silence =
    tls && !files.cert ? `no answer; it may want a certificate (${files.prefix}_CERT)` : 'no answer'
  const why = chainedError?.message ?? (TIMEOUTS.has(code) ? silence : message)
  return new StartError(`NATS at ${shown} cannot be reached: ${why}; check ${setting}`, { cause })
}

/** What to tell where waiting does not help. */
function missingJetStream({ api_error: refusal, code, message }: NatsError): string | undefined {
  if (code === FORBIDDEN) {
    return `does not let the user in NATS_URL do what a node does (${message}); deploy/nats-permissions.conf tells what that is`
  }
  if (refusal?.err_code === NOT_ENABLED_FOR_ACCOUNT) {
    return 'has no JetStream for this account; enable it there'
  }
  const isAbsent = refusal === undefined && code === NO_RESPONDERS
  return isAbsent ? 'has no JetStream; start nats-server with -js' : undefined
}

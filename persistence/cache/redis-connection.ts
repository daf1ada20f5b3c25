/**
 * A connection to Redis: never waits for the server, and comes back by itself for ever.
 *
 * Used by `redis-fallback-cache.ts`. The driver's defaults (ioredis 5) queue commands while the
 * server is away, which turns its outage into one of whoever waits; here a command that cannot be
 * sent at once fails at once, and one that is not answered in time fails then. The driver would take
 * REDIS_URL itself too, but reads one that is mistyped as the path of a socket, and waits for it.
 * Messages never hold the password.
 */
import { Redis, type RedisOptions } from 'ioredis'
import { StartError } from '../../links/errors.ts'
import { readTlsFiles, tlsFailureOf, type TlsFiles } from '../../links/tls-files.ts'
import { RedisTlsConnector } from './redis-tls-connector.ts'

export interface RedisAddress {
  /** As the driver takes them. */
  readonly options: {
    readonly host: string
    readonly port: number
    readonly db: number
    readonly username?: string
    readonly password?: string
    readonly tls?: Record<string, never>
  }
  /** The address alone, for messages. */
  readonly shown: string
}

export interface RedisConnectionOptions {
  /** What the server lists the connection as. */
  readonly name: string
  readonly commandTimeoutMs: number
  /** For `rediss://`. */
  readonly tls?: TlsFiles | undefined
  readonly scripts?: NonNullable<RedisOptions['scripts']>
}

export interface RedisConnection {
  readonly redis: Redis
  /** Resolves when connected, or not in time; rejects with StartError if credentials or certificates are refused. */
  readonly firstContact: Promise<void>
}

const NO_FILES: TlsFiles = { prefix: 'REDIS_TLS' }
const PORT_DEFAULT = 6379
const TAKES = 'redis://[user:password@]host[:port][/database], or rediss:// for TLS'
const CONNECT_TIMEOUT_MS = 1000
const RECONNECT_WAIT_MS = 100
const RECONNECT_WAIT_MS_MAX = 1000
/** A connection whose server answers nothing for so long is made anew. */
const SILENCE_MS_MAX = 5000
const NOT_PERMITTED = /^NOPERM/
const CREDENTIALS_REFUSED = /WRONGPASS|NOAUTH|invalid password|without any password/i

export function connectRedis(
  address: RedisAddress,
  { name, commandTimeoutMs, tls = NO_FILES, scripts = {} }: RedisConnectionOptions,
): RedisConnection {
  const secured = address.options.tls && {
    tls: readTlsFiles(tls),
    Connector: RedisTlsConnector,
  }
  const redis = new Redis({
    ...address.options,
    ...secured,
    connectionName: name,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS_MAX,
    retryStrategy: (times) => Math.min(RECONNECT_WAIT_MS * times, RECONNECT_WAIT_MS_MAX),
    scripts,
  })
  return { redis, firstContact: firstContactOf(redis, address, tls) }
}

function firstContactOf(redis: Redis, { shown }: RedisAddress, tls: TlsFiles): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, CONNECT_TIMEOUT_MS)
    redis.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
    // Commands fail by themselves; without a listener the driver prints each failed attempt.
    redis.on('error', (error: unknown) => {
      const isRefused = CREDENTIALS_REFUSED.test(messageOf(error))
      const why = isRefused ? 'refuses the credentials in REDIS_URL' : tlsFailureOf(error, tls)
      if (why === undefined) return
      clearTimeout(timer)
      reject(new StartError(`Redis at ${shown} ${why}`))
    })
  })
}

/** What the driver said, without the command that it hangs on: that of AUTH has the password. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** '' where this user may not ask for it, which is an answer too. */
export async function versionOfServer(redis: Redis): Promise<string> {
  try {
    return /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? ''
  } catch (error) {
    if (NOT_PERMITTED.test(messageOf(error))) return ''
    throw error
  }
}

/** @throws StartError */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const database = url === undefined ? null : /^\/?(\d{0,4})$/.exec(url.pathname)
  const isScheme = url?.protocol === 'redis:' || url?.protocol === 'rediss:'
  if (url === undefined || !isScheme || url.hostname === '' || database === null) {
    throw new StartError(`REDIS_URL cannot be read; it must be ${TAKES}`)
  }
  const port = url.port === '' ? PORT_DEFAULT : Number(url.port)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    options: {
      host,
      port,
      db: Number(database[1]),
      ...(url.username !== '' && { username: decode(url.username) }),
      ...(url.password !== '' && { password: decode(url.password) }),
      ...(url.protocol === 'rediss:' && { tls: {} }),
    },
    shown: `${url.hostname}:${port}`,
  }
}

/** A percent sign that is no escape stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

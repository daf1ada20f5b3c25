/**
 * A connection to Redis: never waits for the server, and comes back by itself for ever.
 *
 * Used by `redis-fallback-cache.ts`. The driver's defaults (ioredis 5) queue commands while the
 * server is away, which turns its outage into one of whoever waits; here a command that cannot be
 * sent at once fails at once, and one that is not answered in time fails then.
 */
import { Redis, type RedisOptions } from 'ioredis'
import { StartError } from '../../links/errors.ts'
import type { RedisAddress } from './redis-address.ts'

export interface RedisConnectionOptions {
  /** What the server lists the connection as. */
  readonly name: string
  readonly commandTimeoutMs: number
  readonly scripts?: NonNullable<RedisOptions['scripts']>
}

export interface RedisConnection {
  readonly redis: Redis
  /** Resolves when connected, or not in time; rejects with StartError if credentials are refused. */
  readonly firstContact: Promise<void>
}

const CONNECT_TIMEOUT_MS = 1000
const RECONNECT_WAIT_MS = 100
const RECONNECT_WAIT_MS_MAX = 1000
/** A connection whose server answers nothing for so long is made anew. */
const SILENCE_MS_MAX = 5000
const NOT_PERMITTED = /^NOPERM/
const CREDENTIALS_REFUSED = /WRONGPASS|NOAUTH|invalid password|without any password/i

export function connectRedis(
  address: RedisAddress,
  { name, commandTimeoutMs, scripts = {} }: RedisConnectionOptions,
): RedisConnection {
  const redis = new Redis({
    ...address.options,
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
  return { redis, firstContact: firstContactOf(redis, address) }
}

function firstContactOf(redis: Redis, { shown }: RedisAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, CONNECT_TIMEOUT_MS)
    redis.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
    // Commands fail by themselves; without a listener the driver prints each failed attempt.
    redis.on('error', (error: unknown) => {
      if (!CREDENTIALS_REFUSED.test(messageOf(error))) return
      clearTimeout(timer)
      reject(new StartError(`Redis at ${shown} refuses the credentials in REDIS_URL`))
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

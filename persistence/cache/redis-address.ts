/**
 * `REDIS_URL`: where Redis is, and the credentials for it.
 *
 * Used by `redis-fallback-cache.ts`. The driver would take the URL itself, but reads one that is
 * mistyped as the path of a socket, and waits for it. Pure. Messages never hold the password.
 */
import { StartError } from '../../links/errors.ts'

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

const PORT_DEFAULT = 6379
const TAKES = 'redis://[user:password@]host[:port][/database], or rediss:// for TLS'

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

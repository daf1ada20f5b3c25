/**
 * `NATS_URL` and `NATS_SYSTEM_URL`: the addresses of the servers of one NATS cluster, and the credentials for all.
 *
 * Used by `nats-connection.ts`. The driver takes addresses and credentials apart from each other,
 * and would show a password left in an address in its messages. Pure.
 */
import { StartError } from '../../links/errors.ts'

export interface NatsAddress {
  /** As the driver takes them. */
  readonly options: {
    readonly servers: string[]
    readonly user?: string
    readonly pass?: string
    readonly token?: string
    readonly tls?: Record<string, never>
  }
  /** Without the ports. */
  readonly hosts: readonly string[]
  /** The addresses alone, for messages. */
  readonly shown: string
}

const SCHEMES = new Set(['nats:', 'tls:'])
const PORT_DEFAULT = '4222'
const TAKES = 'nats://[user:password@]host[:port], or several separated by commas'

/** What the address is a setting of. */
export type NatsUrlSetting = 'NATS_URL' | 'NATS_SYSTEM_URL'

/** @throws StartError */
export function parseNatsUrl(text: string, setting: NatsUrlSetting = 'NATS_URL'): NatsAddress {
  const urls = text.split(',').map((part) => parseOne(part.trim(), setting))
  const servers = urls.map(({ hostname, port }) => `${hostname}:${port || PORT_DEFAULT}`)
  const credentials = urls.find(({ username }) => username !== '')
  const usesTls = urls.some(({ protocol }) => protocol === 'tls:')
  return {
    options: {
      servers,
      ...(credentials && credentialsOf(credentials)),
      ...(usesTls && { tls: {} }),
    },
    hosts: urls.map(({ hostname }) => hostname.replace(/^\[(.*)\]$/, '$1')),
    shown: servers.join(', '),
  }
}

function parseOne(part: string, setting: NatsUrlSetting): URL {
  const text = part.includes('://') ? part : `nats://${part}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isAddress = url !== undefined && SCHEMES.has(url.protocol) && url.hostname !== ''
  if (!isAddress || !/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    throw new StartError(`${setting} cannot be read; it must be ${TAKES}`)
  }
  return url
}

/** A name without a password is a token, as everywhere with NATS. */
function credentialsOf({ username, password }: URL): NatsAddress['options'] | object {
  const [user, pass] = [decode(username), decode(password)]
  return pass === '' ? { token: user } : { user, pass }
}

/** A percent sign that is no escape stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

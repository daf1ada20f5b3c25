/**
 * Whether a URL leads back to this service: a redirect to itself is a loop.
 *
 * Pure; used when a target is checked. Own are the public host (with either scheme's default port
 * taken as one) and, on the port that this process listens to, every way to say "this machine": the
 * loopback and unspecified addresses, also written as IPv6, and the names and addresses that the
 * machine itself gives. Other names are not looked up: DNS may change after the check anyway.
 */

export interface OwnAddress {
  /** What short links start with, such as https://sho.rt or http://localhost:3000. */
  readonly base: URL
  /** Further host names of the service, behind the same ports; left out: it has none. */
  readonly others?: ReadonlySet<string>
  /** Where the process listens. */
  readonly port: number
  /** The machine's own names and addresses as `plainHost` writes them. */
  readonly machine: ReadonlySet<string>
}

const LOOPBACK = /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\])$/
/** An IPv4 address in IPv6 form, as the WHATWG parser writes it: two groups of hexadecimal digits. */
const MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/

export function isOwnAddress(url: URL, own: OwnAddress): boolean {
  const host = plainHost(url)
  const isThisMachine = LOOPBACK.test(host) || own.machine.has(host)
  if (isThisMachine && portOf(url) === own.port) return true
  const { base, others } = own
  return (
    (host === plainHost(base) || others?.has(host) === true) &&
    (portOf(url) === portOf(base) || (isDefault(url) && isDefault(base)))
  )
}

/** A host in one way of many: a name without the dot at its end, IPv4 also where IPv6 is written. */
export function plainHost(url: URL): string {
  const host = url.hostname.replace(/\.$/, '')
  const mapped = MAPPED.exec(host)
  if (mapped === null) return host
  const [high, low] = [mapped[1]!, mapped[2]!].map((group) => Number.parseInt(group, 16))
  return [high! >> 8, high! & 255, low! >> 8, low! & 255].join('.')
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

function isDefault(url: URL): boolean {
  return portOf(url) === 443 || portOf(url) === 80
}

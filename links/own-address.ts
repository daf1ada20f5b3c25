/**
 * Whether a URL leads back to this service: a redirect to itself is a loop.
 *
 * Pure; used when a target is checked. Own are the public host (with either scheme's default port
 * taken as one) and, on the port that this process listens to, every way to say "this machine".
 * Other names of this machine are not looked up: DNS may change after the check anyway.
 */

export interface OwnAddress {
  /** What short links start with, such as https://sho.rt or http://localhost:3000. */
  readonly base: URL
  /** Where the process listens. */
  readonly port: number
}

const THIS_MACHINE =
  /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/

export function isOwnAddress(url: URL, own: OwnAddress): boolean {
  const host = plainHost(url)
  if (THIS_MACHINE.test(host) && portOf(url) === own.port) return true
  const { base } = own
  return (
    host === plainHost(base) &&
    (portOf(url) === portOf(base) || (isDefault(url) && isDefault(base)))
  )
}

/** A name with a dot at its end is the same host. */
function plainHost(url: URL): string {
  return url.hostname.replace(/\.$/, '')
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

function isDefault(url: URL): boolean {
  return portOf(url) === 443 || portOf(url) === 80
}

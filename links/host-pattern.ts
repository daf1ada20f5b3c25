/**
 * What stands in a list of hosts: a host, or all below one, in the one way in which hosts are compared.
 *
 * Pure. Used by the list of blocked hosts, for what is written into it. A host is written as `plainHost` writes
 * that of a target: in small letters, in punycode, without a dot at its end, an address in its usual form
 * however it was spelt. `*.host` is every host below it and not the host itself.
 */
import { isIP } from 'node:net'
import { plainHost } from './own-address.ts'

/** Of a name in DNS, and of `*.` before it. */
export const HOST_PATTERN_LENGTH_MAX = 255
/** Written with capital letters, in Unicode or with a dot at its end. */
const TEXT_LENGTH_MAX = 4 * HOST_PATTERN_LENGTH_MAX
/** They would end the host of a URL, or begin it anew; a port would be taken for part of a list's meaning. */
const NO_HOST = /[\s/?#@\\%:*]|\p{Cc}/u
const ADDRESS_IN_BRACKETS = /^\[[0-9a-f:.]+\]$/i
const WILD = '*.'

/** As it is kept and compared: `bad.example`, `*.bad.example`, `192.0.2.1`, `[2001:db8::1]`. undefined: it is none. */
export function parseHostPattern(text: string): string | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined
  const isWild = text.startsWith(WILD)
  const host = hostOf(isWild ? text.slice(WILD.length) : text)
  if (host === undefined || (isWild && isAddress(host))) return undefined
  const pattern = isWild ? WILD + host : host
  return pattern.length <= HOST_PATTERN_LENGTH_MAX ? pattern : undefined
}

function hostOf(text: string): string | undefined {
  const host = isIP(text) === 6 ? `[${text}]` : text
  if (!ADDRESS_IN_BRACKETS.test(host) && NO_HOST.test(host)) return undefined
  const url = URL.parse(`http://${host}/`)
  const plain = url === null ? '' : plainHost(url)
  return plain === '' ? undefined : plain
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || isIP(host) !== 0
}

/**
 * An address of the internet as a number, and whether it is a public one.
 *
 * Used by the address data. An IPv4 address in an IPv6 one (`::ffff:192.0.2.1`, or behind NAT64's
 * `64:ff9b::/96`) is the IPv4 address. Of an IPv6 address the upper 48 bits count, which a float64 holds:
 * the internet's routes have no finer networks.
 */
import { isIP, isIPv6 } from 'node:net'

export interface IpAddress {
  readonly version: 4 | 6
  /** All 32 bits of an IPv4 address, the upper 48 of an IPv6 one. */
  readonly number: number
  /** As readers of MMDB files take it. */
  readonly text: string
  readonly isPublic: boolean
}

/** Not to be met in the internet (RFC 6890): first address, bits of the prefix. */
const NOT_PUBLIC = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const
const NOT_PUBLIC_PREFIXES = NOT_PUBLIC.map(([first, bits]) => {
  const shift = 32 - bits
  return { prefix: ipv4Number(first) >>> shift, shift }
})
/** 2000::/3 is what was given out; of that, 2001:db8::/32 is for documentation. */
const GIVEN_OUT = 0x2000 >> 13
const DOCUMENTATION = [0x2001, 0x0d_b8]
/** Groups of 16 bits that count. */
const GROUPS = 3

/** The address that a text is; undefined if it is none. */
export function parseAddress(text: string): IpAddress | undefined {
  const version = isIP(text)
  if (version === 4) return ofIpv4(ipv4Number(text))
  if (version !== 6) return undefined
  const bare = text.split('%', 1)[0]!
  const groups = ipv6Groups(bare)
  const within = ipv4Within(groups)
  if (within !== undefined) return ofIpv4(within)
  const isDocumentation = DOCUMENTATION.every((group, index) => groups[index] === group)
  const isPublic = groups[0]! >> 13 === GIVEN_OUT && !isDocumentation
  return { version: 6, number: ipv6Number(groups), text: bare, isPublic }
}

/**
 * The number of an IPv6 address; undefined if the text is none. For tables: what comes behind the groups
 * that count is not looked at.
 */
export function ipv6NumberOf(text: string): number | undefined {
  let number = 0
  let from = 0
  for (let group = 0; group < GROUPS; group++) {
    const colon = text.indexOf(':', from)
    const value = colon > from ? Number.parseInt(text.slice(from, colon), 16) : Number.NaN
    if (!(value >= 0 && value < 2 ** 16)) return ipv6NumberInFull(text)
    number = number * 2 ** 16 + value
    from = colon + 1
    // `2001:db8::` ends in zeros, as nearly all that tables begin with.
    if (from === text.length - 1) return number * 2 ** (16 * (GROUPS - 1 - group))
  }
  return number
}

function ipv6NumberInFull(text: string): number | undefined {
  return isIPv6(text) ? ipv6Number(ipv6Groups(text)) : undefined
}

function ofIpv4(number: number): IpAddress {
  const isPublic = !NOT_PUBLIC_PREFIXES.some(({ prefix, shift }) => number >>> shift === prefix)
  const bytes = [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255]
  return { version: 4, number, text: bytes.join('.'), isPublic }
}

function ipv4Number(text: string): number {
  return text.split('.').reduce((number, byte) => number * 256 + Number(byte), 0)
}

function ipv6Number([first = 0, second = 0, third = 0]: readonly number[]): number {
  return (first * 2 ** 16 + second) * 2 ** 16 + third
}

/** All eight, of a valid address without a zone. */
function ipv6Groups(text: string): number[] {
  const [left = '', right] = text.split('::', 2)
  const before = groupsOf(left)
  if (right === undefined) return before
  const after = groupsOf(right)
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const number = ipv4Number(group)
    return [number >>> 16, number & 0xff_ff]
  })
}

function ipv4Within(groups: readonly number[]): number | undefined {
  const areZero = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0)
  const isMapped = groups[5] === 0xff_ff && areZero(0, 5)
  const isTranslated = groups[0] === 0x64 && groups[1] === 0xff_9b && areZero(2, 6)
  if (!isMapped && !isTranslated) return undefined
  return groups[6]! * 2 ** 16 + groups[7]!
}

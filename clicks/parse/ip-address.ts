/**
 * An address of the internet as numbers, and whether it is a public one.
 *
 * Used by the address book and its tables. An IPv4 address in an IPv6 one (`::ffff:192.0.2.1`, or behind
 * NAT64's `64:ff9b::/96`) is the IPv4 address. Of an IPv6 address the upper 64 bits count: networks are
 * not divided further.
 */
import { isIP } from 'node:net'

export interface IpAddress {
  readonly version: 4 | 6
  /** The IPv4 address, or the upper 32 bits of the IPv6 one. */
  readonly high: number
  /** The next 32 bits of an IPv6 address; 0 for IPv4. */
  readonly low: number
  /** As text that a reader of MMDB files takes. */
  readonly text: string
  readonly isPublic: boolean
}

export function parseAddress(text: string): IpAddress | undefined {
  const version = isIP(text)
  if (version === 4) return ofIpv4(numberOfIpv4(text))
  if (version !== 6) return undefined
  const bare = text.split('%', 1)[0]!
  const groups = groupsOfIpv6(bare)
  const embedded = ipv4Within(groups)
  if (embedded !== undefined) return ofIpv4(embedded)
  const high = (groups[0]! * 0x1_0000 + groups[1]!) >>> 0
  const low = (groups[2]! * 0x1_0000 + groups[3]!) >>> 0
  // 2000::/3 is what was given out; of that, 2001:db8::/32 is for documentation.
  const isPublic = groups[0]! >> 13 === 1 && high !== 0x2001_0db8
  return { version: 6, high, low, text: bare, isPublic }
}

/** Not to be met in the internet (RFC 6890), as first address and length of the prefix. */
const NOT_PUBLIC: readonly (readonly [first: string, length: number])[] = [
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
]
const NOT_PUBLIC_PREFIXES = NOT_PUBLIC.map(
  ([first, length]) => [numberOfIpv4(first) >>> (32 - length), 32 - length] as const,
)

function ofIpv4(number: number): IpAddress {
  const isPublic = !NOT_PUBLIC_PREFIXES.some(([prefix, shift]) => number >>> shift === prefix)
  const bytes = [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255]
  return { version: 4, high: number, low: 0, text: bytes.join('.'), isPublic }
}

function numberOfIpv4(text: string): number {
  return text.split('.').reduce((number, byte) => number * 256 + Number(byte), 0)
}

/** @param text a valid IPv6 address without a zone */
export function groupsOfIpv6(text: string): readonly number[] {
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
    const number = numberOfIpv4(group)
    return [number >>> 16, number & 0xff_ff]
  })
}

function ipv4Within(groups: readonly number[]): number | undefined {
  const isMapped = groups[5] === 0xff_ff && groups.slice(0, 5).every((group) => group === 0)
  const isTranslated =
    groups[0] === 0x64 && groups[1] === 0xff_9b && groups.slice(2, 6).every((group) => group === 0)
  if (!isMapped && !isTranslated) return undefined
  return (groups[6]! * 0x1_0000 + groups[7]!) >>> 0
}

/**
 * A visitor's address: which one it is, and what of it is kept.
 *
 * Used by the recorder before anything is written, so that no whole address lies in the log, the
 * store or a backup unless TINYGRID_IP_PRIVACY says `full`. An IPv4 address in IPv6 form is IPv4.
 */
import { parseAddress } from '../../links/ip-address.ts'

export const IP_PRIVACIES = ['none', 'anonymised', 'full'] as const
export type IpPrivacy = (typeof IP_PRIVACIES)[number]

/** Groups of 16 bits that an IPv6 address keeps: all but the last 80 bits. */
const GROUPS_KEPT = 3
const GROUPS = 8

/** Who is behind a proxy: the last that it put into the header, if that is an address. */
export function forwardedAddress(forwarded: string): string | undefined {
  let end = forwarded.length
  while (end >= 0) {
    const start = end === 0 ? 0 : forwarded.lastIndexOf(',', end - 1) + 1
    const entry = forwarded.slice(start, end).trim()
    if (entry !== '') return parseAddress(entry)
    end = start - 1
  }
  return undefined
}

/** @param address as `parseAddress` gives it, or '' */
export function keptAddress(address: string, privacy: IpPrivacy): string {
  if (privacy === 'none' || address === '') return ''
  if (privacy === 'full') return address
  if (!address.includes(':')) return `${address.slice(0, address.lastIndexOf('.'))}.0`
  return parseAddress(`${groupsOf(address).slice(0, GROUPS_KEPT).join(':')}::`) ?? ''
}

/** All eight groups of an IPv6 address in its short form. */
function groupsOf(address: string): string[] {
  const [left = '', right = ''] = address.split('::')
  const before = left.split(':').filter((group) => group !== '')
  const after = right.split(':').filter((group) => group !== '')
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after]
}

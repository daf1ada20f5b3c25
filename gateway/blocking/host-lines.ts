/**
 * A file of blocked hosts, line by line: one host or `*.host`, or a line as hosts files have it.
 *
 * Pure. Used by `host-file.ts`. A `#` begins a comment. In a line of a hosts file the names stand behind the
 * address that they are sent to; the names that such a file gives the machine itself are no targets of
 * anybody's list, and are passed over.
 */
import { isIP } from 'node:net'
import { parseHostPattern } from '../../links/host-pattern.ts'

const HOST_LINE_LENGTH_MAX = 4_096

/** To which hosts files send what they block. */
const NOWHERE = new Set(['0.0.0.0', '127.0.0.1', '::', '::1'])
const OF_THE_MACHINE = new Set([
  'localhost',
  'localhost.localdomain',
  'local',
  'broadcasthost',
  '0.0.0.0',
])
const OF_IPV6 = /^ip6-[a-z]+$/

/** The hosts of one line; undefined: it cannot be understood. */
export function hostsInLine(line: string): readonly string[] | undefined {
  if (line.length > HOST_LINE_LENGTH_MAX) return undefined
  const words = (line.split('#', 1)[0] ?? '').split(/\s+/u).filter((word) => word !== '')
  const [first, ...names] = words
  if (first === undefined) return []
  if (names.length === 0) return allOf([first])
  if (isIP(first) === 0) return undefined
  const blocked = names.filter((name) => !OF_THE_MACHINE.has(name) && !OF_IPV6.test(name))
  if (NOWHERE.has(first)) return allOf(blocked)
  // Such as `255.255.255.255 broadcasthost`; a real address for a name blocks nothing.
  return blocked.length === 0 ? [] : undefined
}

function allOf(texts: readonly string[]): readonly string[] | undefined {
  const hosts = texts.map((text) => parseHostPattern(text))
  const known = hosts.filter((host) => host !== undefined)
  return known.length === hosts.length ? known : undefined
}

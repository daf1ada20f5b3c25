/**
 * The visitor's query, added to the address that a link leads to.
 *
 * Used by the fast path and by the redirect route, which so answer alike. Parameters are taken and left as
 * they were written, byte for byte; they are only compared decoded (`%61` is `a`, `+` is a space). All
 * parameters of a name are added or all are left out: a name that the target has is the target's, or the
 * visitor's where the link says 'override'. A fragment stays at the end.
 *
 * It guarantees that nothing leaves the Location line: whatever is not visible ASCII is percent-encoded. The
 * result is at most FORWARDED_BYTES_MAX and a separator longer than the target. A query beyond that, or one
 * of which either side has more than PARAMETERS_MAX parameters, is left out as a whole: the visitor still
 * gets where the link leads, which is better than 414, and half a query could mean something else. Only
 * http and https targets take one: the query of `mailto:` writes the message.
 *
 * Rejected: URLSearchParams, which writes everything anew, so that targets that sign their query refuse it.
 */
import type { QueryForwarding } from '../../links/link.ts'

/** Of the visitor's query as it is added. */
export const FORWARDED_BYTES_MAX = 4_096
/** Of a query that is compared with another: this is done in the turn of a redirect. */
export const PARAMETERS_MAX = 256

const TAKES_QUERY = /^https?:/
/** Anything but visible ASCII, and what would begin a fragment. */
const UNSAFE = /[^\x21\x22\x24-\x7e]/g

/** The query of a request's target, with its question mark; '' if it has none. */
export function queryOfTarget(target: string): string {
  const start = target.indexOf('?')
  if (start < 0) return ''
  const end = target.indexOf('#', start)
  return end < 0 ? target.slice(start) : target.slice(start, end)
}

/** @param query with its question mark; one byte a character, as Node and the fast path read it */
export function withQuery(url: string, query: string, forwarding: QueryForwarding): string {
  if (query.length < 2 || forwarding === false || !TAKES_QUERY.test(url)) return url
  const safe = query.slice(1).replaceAll(UNSAFE, percentEncoded)
  if (safe.length > FORWARDED_BYTES_MAX) return url
  const hash = url.indexOf('#')
  const end = hash < 0 ? url.length : hash
  const mark = url.indexOf('?')
  const own = mark < 0 || mark > end ? '' : url.slice(mark + 1, end)
  const owns = parametersOf(own)
  const given = parametersOf(safe)
  if (owns === undefined || given === undefined) return url
  const base = mark < 0 || mark > end ? url.slice(0, end) : url.slice(0, mark)
  const merged = forwarding === 'override' ? overridden(own, owns, given) : added(own, owns, given)
  return merged === own ? url : `${base}?${merged}${url.slice(end)}`
}

/** What the target does not have, behind what it has. */
function added(own: string, owns: readonly string[], given: readonly string[]): string {
  if (owns.length === 0) return joined(own, given)
  const names = new Set(owns.map(nameOf))
  return joined(
    own,
    given.filter((parameter) => !names.has(nameOf(parameter))),
  )
}

/** What the visitor has, behind what the target has besides. */
function overridden(own: string, owns: readonly string[], given: readonly string[]): string {
  const names = new Set(given.map(nameOf))
  const kept = owns.filter((parameter) => !names.has(nameOf(parameter)))
  return joined(kept.length === owns.length ? own : kept.join('&'), given)
}

function joined(own: string, more: readonly string[]): string {
  if (more.length === 0) return own
  return `${own}${own === '' || own.endsWith('&') ? '' : '&'}${more.join('&')}`
}

/** undefined: there are too many. Empty ones are none. */
function parametersOf(query: string): string[] | undefined {
  if (query === '') return []
  const parameters = query.split('&', PARAMETERS_MAX + 1)
  if (parameters.length > PARAMETERS_MAX) return undefined
  return parameters.filter((parameter) => parameter !== '')
}

/** Decoded to bytes, one a character, since not all bytes are UTF-8; what is no escape stays. */
function nameOf(parameter: string): string {
  const end = parameter.indexOf('=')
  const name = end < 0 ? parameter : parameter.slice(0, end)
  if (!/[%+]/.test(name)) return name
  return name
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_escape, hex: string) =>
      String.fromCharCode(parseInt(hex, 16)),
    )
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/**
 * Whether a request that carries a session was sent by the service's own page.
 *
 * A browser sends cookies with what other pages make it ask, too. SameSite=Lax keeps most of them back, but not those
 * of sibling hosts (`evil.example.com` beside `go.example.com`). So what the browser says of the asking page is looked
 * at: `Sec-Fetch-Site`, or `Origin` where it does not send that (over plain HTTP). What changes something and says neither
 * is refused: every browser says one of them. Rejected: a token in each form, which a page without forms has no place for.
 */
import type { IncomingHttpHeaders } from 'node:http'

const READING = new Set(['GET', 'HEAD'])

/** @param origin of the service, as browsers write it */
export function isOfOwnPage(method: string, headers: IncomingHttpHeaders, origin: string): boolean {
  const isReading = READING.has(method)
  const site = headers['sec-fetch-site']
  // `none`: a person has typed the address.
  if (site !== undefined && site !== 'same-origin' && !(isReading && site === 'none')) return false
  if (headers.origin !== undefined) return headers.origin === origin
  return isReading || site !== undefined
}

/**
 * The links of a page that are in the wanted state and of the wanted days. Pure.
 *
 * The service searches by words and tags; state and day are told by the links themselves, so they are
 * sorted out here, page by page. Days are those of the browser's time zone.
 */
import type { Link, LinkPage, LinkQuery, LinkState } from './api.ts'
import { endOf } from './link-status.ts'
import { dateStart, midnight, ownZone } from './stats/zone.ts'

export function narrowed(
  query: LinkQuery,
  page: LinkPage,
  now: number,
  zone = ownZone(),
): LinkPage {
  const from = dateStart(query.from, zone) ?? Number.NEGATIVE_INFINITY
  const lastDay = dateStart(query.to, zone)
  const to = lastDay === undefined ? Number.POSITIVE_INFINITY : midnight(lastDay, zone, 1)
  const links = page.links.filter((link) => {
    const createdAt = Date.parse(link.createdAt)
    const isOfState = query.state === '' || stateOf(link, now) === query.state
    return isOfState && createdAt >= from && createdAt < to
  })
  const oldest = page.links.at(-1)
  // Newest first: nothing behind it is of a later day.
  const isPast =
    query.sort === 'created' && oldest !== undefined && Date.parse(oldest.createdAt) < from
  return { links, nextCursor: isPast ? null : page.nextCursor }
}

function stateOf(link: Link, now: number): LinkState {
  const end = endOf(link, now)
  if (end === undefined) return 'working'
  return end === 'Expired' ? 'expired' : 'used-up'
}

/**
 * Links by their visits, most first: `GET /api/links?sort=visits`.
 *
 * Used by the list of links. Analytics knows the order, owners the links; what a list is to leave out is left
 * out here, so a page may be short, even empty, although more follow. Links that nobody has followed are in no
 * such list. A page looks at EXAMINED_MAX links, and all pages together at RANKED_MAX: the order changes while
 * somebody pages, so its end is nothing to rely on.
 */
import type { Code } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import {
  LIST_URL_BYTES_MAX,
  type LinkOwner,
  type ListPage,
  type ListQuery,
} from '../../links/link-owner.ts'
import { ListFilter } from '../../links/list-filter.ts'
import type { Analytics } from '../../clicks/analytics/analytics.ts'
import { invalid } from './question-request.ts'

export const EXAMINED_MAX = 1_000
const RANKED_MAX = 100_000
/** Links that are asked for at once. */
const STRETCH_MAX = 100
const CURSOR = /^v(\d{1,6})$/

export interface VisitedPage extends ListPage {
  readonly visits: ReadonlyMap<Code, number>
}

/** @throws TinygridError invalid_field (cursor); analytics_unavailable */
export async function mostVisited(
  analytics: Pick<Analytics, 'mostClicked'>,
  owner: Pick<LinkOwner, 'read'>,
  query: ListQuery,
): Promise<VisitedPage> {
  const filter = new ListFilter(query)
  const links: Link[] = []
  const visits = new Map<Code, number>()
  let urlBytes = 0
  const first = offsetOf(query.cursor)
  let next: number | null = first
  while (next !== null && next < first + EXAMINED_MAX && query.signal?.aborted !== true) {
    const ranked = await analytics.mostClicked(next, STRETCH_MAX)
    const found = await Promise.all(ranked.map(({ code }) => owner.read(code)))
    for (const [index, { code, clicks }] of ranked.entries()) {
      if (links.length === query.limit || urlBytes >= LIST_URL_BYTES_MAX) {
        return { links, visits, nextCursor: cursorOf(next + index) }
      }
      const link = found[index]
      if (link?.lifecycle !== 'live' || !filter.matches(link)) continue
      links.push(link)
      urlBytes += link.url.length
      visits.set(code, clicks)
    }
    next = ranked.length < STRETCH_MAX ? null : next + STRETCH_MAX
  }
  return { links, visits, nextCursor: next === null ? null : cursorOf(next) }
}

function cursorOf(offset: number): string | null {
  return offset < RANKED_MAX ? `v${offset}` : null
}

function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const match = CURSOR.exec(cursor)
  const offset = match === null ? RANKED_MAX : Number(match[1])
  if (offset < RANKED_MAX) return offset
  throw invalid('cursor', 'The cursor is not one that a list by visits has given')
}

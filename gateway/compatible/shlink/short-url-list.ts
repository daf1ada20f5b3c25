/**
 * A page of short URLs, in any of Shlink's orders.
 *
 * Newest first is the order of our own lists (`newest-links.ts`). Any other order has to have all links at hand,
 * which are at most GATHERED_MAX; more are refused rather than left out.
 */
import type { Code } from '../../../links/ids.ts'
import type { Link } from '../../../links/link.ts'
import { LIST_LIMIT_MAX, LIST_URL_BYTES_MAX } from '../../../links/link-owner.ts'
import { ListFilter } from '../../../links/list-filter.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { LinkWalk } from '../link-walk.ts'
import { NewestLinks, OFFSET_MAX, type LinksPart } from '../newest-links.ts'
import { tooMany, type Order, type OrderField, type ShortUrlQuery } from './short-url-query.ts'
import { summariesOf, type SummaryOf } from './visit-counts.ts'

const GATHERED_MAX = 10_000
const GATHERED_BYTES_MAX = 4 * LIST_URL_BYTES_MAX
/** Links that are asked for at once. */
const READ_MAX = 100

export class ShortUrlList {
  readonly #context: ForeignContext
  readonly #newest: NewestLinks

  constructor(context: ForeignContext) {
    this.#context = context
    this.#newest = new NewestLinks(context, () => tooMany('page', OFFSET_MAX))
  }

  /** @throws TinygridError invalid_field; store_unavailable; analytics_unavailable */
  async page(query: ShortUrlQuery, signal: AbortSignal): Promise<LinksPart> {
    const { field, isDescending } = query.order
    const isNewestFirst = field === 'dateCreated' && isDescending
    const isPlain = query.isWanted === undefined && query.anyTag.length === 0
    const offset = (query.page - 1) * query.perPage
    if (isNewestFirst && isPlain) {
      return this.#newest.page(query.filters, { offset, count: query.perPage }, signal)
    }
    const all = await this.#gather(query, isNewestFirst ? 'page' : 'orderBy', signal)
    const links = isNewestFirst ? all : await this.#sorted(all, query.order)
    return { links: links.slice(offset, offset + query.perPage), total: all.length }
  }

  /** All of them, newest first. */
  async #gather(query: ShortUrlQuery, field: string, signal: AbortSignal): Promise<Link[]> {
    const { filters, anyTag, isWanted = () => true } = query
    const links: Link[] = []
    let bytes = 0
    const take = (some: readonly Link[]) => {
      for (const link of some.filter(isWanted)) {
        links.push(link)
        bytes += link.url.length
        if (links.length > GATHERED_MAX || bytes > GATHERED_BYTES_MAX)
          throw tooMany(field, GATHERED_MAX)
      }
    }
    if (anyTag.length > 0) {
      for await (const some of this.#tagged(anyTag, query)) take(some)
      return links.sort((a, b) => b.createdAt - a.createdAt)
    }
    const walk = new LinkWalk(this.#context, filters, 0, undefined, signal)
    while (walk.isOn) take(await walk.next(LIST_LIMIT_MAX))
    return links
  }

  async *#tagged(tags: readonly string[], { filters }: ShortUrlQuery): AsyncGenerator<Link[]> {
    const { owner, tagged } = this.#context
    const found = await tagged.codesOf(tags, 'tags')
    const codes = [...new Set<Code>([...found.values()].flat())]
    const filter = new ListFilter(filters)
    for (let at = 0; at < codes.length; at += READ_MAX) {
      const read = await Promise.all(codes.slice(at, at + READ_MAX).map((code) => owner.read(code)))
      yield read.filter(
        (link): link is Link =>
          link?.lifecycle === 'live' &&
          filter.matches(link) &&
          tags.some((tag) => link.tags.includes(tag)),
      )
    }
  }

  async #sorted(links: readonly Link[], { field, isDescending }: Order): Promise<Link[]> {
    const isByVisits = field === 'visits' || field === 'nonBotVisits'
    const summaries = isByVisits ? await summariesOf(this.#context, links) : undefined
    const keyed = links.map((link) => ({ link, key: keyOf(link, field, summaries) }))
    const sign = isDescending ? -1 : 1
    return keyed.sort((a, b) => sign * compare(a.key, b.key)).map(({ link }) => link)
  }
}

function keyOf(link: Link, field: OrderField, summaries: SummaryOf | undefined): string | number {
  switch (field) {
    case 'dateCreated':
      return link.createdAt
    case 'shortCode':
      return link.code
    case 'longUrl':
      return link.url
    case 'title':
      return link.title ?? ''
    case 'visits':
      return summaries!(link).total
    case 'nonBotVisits':
      return summaries!(link).nonBots
  }
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * A page of short URLs, in any of Shlink's orders.
 *
 * Newest first is the order of our own lists: however many links there are, a page is read from where the one
 * before it ended, and links are counted up to COUNTED_MAX; of more, the total is what is known to be there and
 * one more, so that who pages in order comes to the end. Any other order has to have all links at hand, which are
 * at most GATHERED_MAX; more are refused rather than left out.
 */
import type { Code } from '../../../links/ids.ts'
import type { Link } from '../../../links/link.ts'
import { LIST_LIMIT_MAX, LIST_URL_BYTES_MAX, type ListPage } from '../../../links/link-owner.ts'
import { ListFilter } from '../../../links/list-filter.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { PageMarks } from './numbered-pages.ts'
import { tooMany, type Order, type OrderField, type ShortUrlQuery } from './short-url-query.ts'
import { summariesOf, type SummaryOf } from './visit-counts.ts'

const COUNTED_MAX = 10_000
const GATHERED_MAX = 10_000
const GATHERED_BYTES_MAX = 4 * LIST_URL_BYTES_MAX
/** Links that are asked for at once. */
const READ_MAX = 100
/** Past this, pages are found only by reading on from the one before. */
const OFFSET_MAX = 1_000_000

export interface ShortUrlPage {
  readonly links: readonly Link[]
  readonly total: number
}

export class ShortUrlList {
  readonly #context: ForeignContext
  readonly #marks: PageMarks<string | null>

  constructor(context: ForeignContext) {
    this.#context = context
    this.#marks = new PageMarks(context.clock)
  }

  /** @throws TinygridError invalid_field; store_unavailable; analytics_unavailable */
  async page(query: ShortUrlQuery, signal: AbortSignal): Promise<ShortUrlPage> {
    const { field, isDescending } = query.order
    const isNewestFirst = field === 'dateCreated' && isDescending
    const isPlain = query.isWanted === undefined && query.anyTag.length === 0
    if (isNewestFirst && isPlain) return this.#newest(query, signal)
    const offset = (query.page - 1) * query.perPage
    const all = await this.#gather(query, isNewestFirst ? 'page' : 'orderBy', signal)
    const links = isNewestFirst ? all : await this.#sorted(all, query.order)
    return { links: links.slice(offset, offset + query.perPage), total: all.length }
  }

  async #newest(query: ShortUrlQuery, signal: AbortSignal): Promise<ShortUrlPage> {
    const { filters, page, perPage } = query
    const list = JSON.stringify(filters)
    const offset = (page - 1) * perPage
    const mark = this.#marks.find(list, offset)
    if (mark.offset < offset && offset > OFFSET_MAX) throw tooMany('page', OFFSET_MAX)
    const walk = new Walk(this.#context, filters, mark.offset, mark.cursor, signal)
    while (walk.reached < offset && walk.isOn) await walk.next(offset - walk.reached)
    const links: Link[] = []
    while (links.length < perPage && walk.isOn)
      links.push(...(await walk.next(perPage - links.length)))
    this.#marks.keep(list, walk.reached, walk.cursor ?? null)
    while (walk.reached < COUNTED_MAX && walk.isOn) await walk.next(LIST_LIMIT_MAX)
    return { links, total: walk.reached + (walk.isOn ? 1 : 0) }
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
    const walk = new Walk(this.#context, filters, 0, undefined, signal)
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

/** Our own list, read on from a cursor. */
class Walk {
  /** Links that lie behind. */
  reached: number
  /** undefined: at the start; null: nothing follows. */
  cursor: string | null | undefined
  readonly #context: ForeignContext
  readonly #filters: ShortUrlQuery['filters']
  readonly #signal: AbortSignal

  constructor(
    context: ForeignContext,
    filters: ShortUrlQuery['filters'],
    reached: number,
    cursor: string | null | undefined,
    signal: AbortSignal,
  ) {
    this.#context = context
    this.#filters = filters
    this.reached = reached
    this.cursor = cursor
    this.#signal = signal
  }

  get isOn(): boolean {
    return this.cursor !== null && !this.#signal.aborted
  }

  /** At most `count` links, perhaps none although more follow. */
  async next(count: number): Promise<readonly Link[]> {
    const { cursor } = this
    const page: ListPage = await this.#context.directory.list({
      ...this.#filters,
      limit: Math.min(count, LIST_LIMIT_MAX),
      ...(typeof cursor === 'string' ? { cursor } : {}),
      signal: this.#signal,
    })
    this.reached += page.links.length
    this.cursor = page.nextCursor
    return page.links
  }
}

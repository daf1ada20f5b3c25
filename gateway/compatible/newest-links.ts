/**
 * A part of all links, newest first, by its offset.
 *
 * Used for the lists of Shlink and Kutt, whose pages have numbers or offsets. However many links there are, a part is
 * read from where the one before it ended, and links are counted up to COUNTED_MAX; of more, the total is what is
 * known to be there and one more, so that who pages in order comes to the end.
 */
import type { TinygridError } from '../../links/errors.ts'
import type { Link } from '../../links/link.ts'
import { LIST_LIMIT_MAX } from '../../links/link-owner.ts'
import type { ListFilters } from '../../links/list-filter.ts'
import type { ForeignContext } from './foreign-context.ts'
import { LinkWalk } from './link-walk.ts'
import { PageMarks } from './page-marks.ts'

const COUNTED_MAX = 10_000
/** Past this, parts are found only by reading on from the one before. */
export const OFFSET_MAX = 1_000_000

export interface LinksPart {
  readonly links: readonly Link[]
  readonly total: number
}

export class NewestLinks {
  readonly #context: ForeignContext
  readonly #tooFar: () => TinygridError
  readonly #marks: PageMarks<string | null>

  /** @param tooFar what is told who begins past OFFSET_MAX, in the words of the interface */
  constructor(context: ForeignContext, tooFar: () => TinygridError) {
    this.#context = context
    this.#tooFar = tooFar
    this.#marks = new PageMarks(context.clock)
  }

  /** @throws TinygridError of tooFar; store_unavailable */
  async page(
    filters: ListFilters,
    { offset, count }: { readonly offset: number; readonly count: number },
    signal: AbortSignal,
  ): Promise<LinksPart> {
    const list = JSON.stringify(filters)
    const mark = this.#marks.find(list, offset)
    if (mark.offset < offset && offset > OFFSET_MAX) throw this.#tooFar()
    const walk = new LinkWalk(this.#context, filters, mark.offset, mark.cursor, signal)
    while (walk.reached < offset && walk.isOn) await walk.next(offset - walk.reached)
    const links: Link[] = []
    while (links.length < count && walk.isOn) links.push(...(await walk.next(count - links.length)))
    this.#marks.keep(list, walk.reached, walk.cursor ?? null)
    while (walk.reached < COUNTED_MAX && walk.isOn) await walk.next(LIST_LIMIT_MAX)
    return { links, total: walk.reached + (walk.isOn ? 1 : 0) }
  }
}

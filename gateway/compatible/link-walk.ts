/**
 * Our own list of links, newest first, read on from a cursor.
 *
 * Used by lists of other interfaces that need more of it than one page of ours. Ends early once nobody waits.
 */
import type { Link } from '../../links/link.ts'
import { LIST_LIMIT_MAX, type ListPage } from '../../links/link-owner.ts'
import type { ListFilters } from '../../links/list-filter.ts'
import type { ForeignContext } from './foreign-context.ts'

export class LinkWalk {
  /** Links that lie behind. */
  reached: number
  /** undefined: at the start; null: nothing follows. */
  cursor: string | null | undefined
  readonly #context: ForeignContext
  readonly #filters: ListFilters
  readonly #signal: AbortSignal

  constructor(
    context: ForeignContext,
    filters: ListFilters,
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

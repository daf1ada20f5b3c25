/**
 * Pages by number, as Shlink has them, over lists that go on from a cursor.
 *
 * Used for short URLs, tags and visits. Where a page ended is remembered for who asks for the next one, so that
 * reading all pages in order reads each thing once; a page that nobody came to in order is found from the
 * start. What is remembered is bounded and belongs to this node: another one
 * finds its way from the start.
 */
import type { Clock } from '../../../links/clock.ts'

const MARKS_MAX = 500
/** A list that was read on for so long has changed meanwhile. */
const MARK_KEPT_MS = 300_000

export interface PageNumber {
  /** From 1. */
  readonly page: number
  readonly perPage: number
}

/** As `pagination` in Shlink's answers. */
export function paginationOf({ page, perPage }: PageNumber, shown: number, total: number): object {
  return {
    currentPage: page,
    pagesCount: Math.max(1, Math.ceil(total / perPage)),
    itemsPerPage: perPage,
    itemsInCurrentPage: shown,
    totalItems: total,
  }
}

/** What is no such number is the default, and what is more than there may be the most, as in Shlink. */
export function pageNumberOf(
  query: unknown,
  { perPage, perPageMax }: { readonly perPage: number; readonly perPageMax: number },
): PageNumber {
  const { page, itemsPerPage } = query as Readonly<Record<string, unknown>>
  const isAll = itemsPerPage === '-1'
  const size = isAll ? perPageMax : (countOf(itemsPerPage) ?? perPage)
  return { page: countOf(page) ?? 1, perPage: Math.min(size, perPageMax) }
}

function countOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

export interface PageMark<Cursor> {
  /** How many things come before it. */
  readonly offset: number
  /** undefined: it is the start. */
  readonly cursor: Cursor | undefined
}

export class PageMarks<Cursor> {
  readonly #clock: Clock
  /** By list and offset; the oldest first. Invariant: at most MARKS_MAX. */
  readonly #marks = new Map<string, { readonly cursor: Cursor; readonly until: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Where to begin for what comes at `offset`: there, or at the start. */
  find(list: string, offset: number): PageMark<Cursor> {
    const mark = offset === 0 ? undefined : this.#marks.get(nameOf(list, offset))
    if (mark === undefined || mark.until < this.#clock.now()) {
      return { offset: 0, cursor: undefined }
    }
    return { offset, cursor: mark.cursor }
  }

  keep(list: string, offset: number, cursor: Cursor): void {
    const name = nameOf(list, offset)
    this.#marks.delete(name)
    this.#marks.set(name, { cursor, until: this.#clock.now() + MARK_KEPT_MS })
    if (this.#marks.size > MARKS_MAX) this.#marks.delete(this.#marks.keys().next().value!)
  }
}

function nameOf(list: string, offset: number): string {
  return `${offset} ${list}`
}

/**
 * Where pages of a list ended that goes on from a cursor, for clients that ask for pages by number or offset.
 *
 * Used for links and visits. Where a page ended is remembered for who asks for the next one, so that
 * reading all pages in order reads each thing once; a page that nobody came to in order is found from the
 * start. What is remembered is bounded and belongs to this node: another one
 * finds its way from the start.
 */
import type { Clock } from '../../links/clock.ts'

const MARKS_MAX = 500
/** A list that was read on for so long has changed meanwhile. */
const MARK_KEPT_MS = 300_000

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

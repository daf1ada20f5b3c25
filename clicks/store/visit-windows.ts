/**
 * Clicks one by one from a store that can only sort: in windows of time, newest first.
 *
 * Clicks lie nearly in the order of time, so a window that is read and sorted by itself costs what is in
 * it, and memory for no more. How long a window is follows from how many clicks the one before had. Used
 * by every store that speaks SQL. Rejected: one sorted result for all, which needs room for all of them
 * before the first is seen; an offset, which reads all again for each page.
 */
import { CLICK_COLUMNS } from './click-columns.ts'
import { VISITS_CHUNK_MAX } from './click-store.ts'
import type { VisitsCursor, VisitsQuestion } from './question.ts'
import { whole } from './sql-dialect.ts'

export interface VisitWindow {
  readonly from: number
  readonly to: number
  /** Only clicks behind this one. */
  readonly after: VisitsCursor | undefined
  /** At most so many are to be read. */
  readonly rows: number
}

export const NEWEST_FIRST = `${CLICK_COLUMNS.at} DESC, ${CLICK_COLUMNS.position} DESC, ${CLICK_COLUMNS.index} DESC`

/** Of a window that is not the last one. */
export const WINDOW_ROWS = 2 * VISITS_CHUNK_MAX
const FIRST_LENGTH_MS = 3_600_000
/** By how much a window that had few clicks is outdone by the next. */
const GROWTH = 4

/** What was read of a window. */
export interface WindowPart<T> {
  /** What is told of its clicks; undefined: there are none. */
  readonly content: T | undefined
  /** How many they are, and the last of them. */
  readonly rows: number
  readonly last: VisitsCursor | undefined
  /** Where the window began that was read: a reader may take a shorter one. */
  readonly from: number
}

/**
 * The next window is read while this one is made use of.
 *
 * @param question its times lie within those of the store
 * @param read gives what is in a window, newest first, at most as many as it says
 */
export async function* readByWindows<T>(
  question: VisitsQuestion,
  read: (window: VisitWindow) => Promise<WindowPart<T>>,
): AsyncGenerator<T> {
  const windows = new Windows(question)
  let window = windows.next()
  let reading = window === undefined ? undefined : read(window)
  try {
    while (window !== undefined && reading !== undefined) {
      const part: WindowPart<T> = await reading
      window = windows.next(part)
      reading = window === undefined ? undefined : read(window)
      // Awaited once this one is told; until then a failure is nobody's.
      reading?.catch(() => undefined)
      if (part.content !== undefined) yield part.content
    }
  } finally {
    await reading?.catch(() => undefined)
  }
}

class Windows {
  readonly #from: number
  #to: number
  #after: VisitsCursor | undefined
  #left: number
  #lengthMs = FIRST_LENGTH_MS
  #current: VisitWindow | undefined

  constructor({ from, to, after, visitsMax = Infinity }: VisitsQuestion) {
    this.#from = from
    this.#to = Math.min(to, after === undefined ? Infinity : after.at + 1)
    this.#after = after
    this.#left = visitsMax
  }

  /** @param part what the window before had */
  next(part?: WindowPart<unknown>): VisitWindow | undefined {
    if (part !== undefined) this.#learn(part)
    if (this.#to <= this.#from || this.#left === 0) return undefined
    this.#current = {
      from: Math.max(this.#from, this.#to - this.#lengthMs),
      to: this.#to,
      after: this.#after,
      rows: Math.min(WINDOW_ROWS, this.#left),
    }
    return this.#current
  }

  #learn({ rows: count, last, from }: WindowPart<unknown>): void {
    const { to, rows, from: asked } = this.#current!
    this.#left -= count
    if (count < rows || last === undefined) {
      this.#to = from
      if (from > asked) this.#lengthMs = to - from
      else if (count < WINDOW_ROWS / GROWTH) this.#lengthMs *= GROWTH
    } else {
      this.#after = last
      this.#lengthMs = Math.max(1, to - last.at)
      this.#to = last.at + 1
    }
  }
}

/** Which clicks lie behind a cursor. */
export function behind({ at, position, index }: VisitsCursor): string {
  const { at: time, position: place, index: number } = CLICK_COLUMNS
  const isLater = `(${place} < ${whole(position)} OR (${place} = ${whole(position)} AND ${number} < ${whole(index)}))`
  return `(${time} < ${whole(at)} OR (${time} = ${whole(at)} AND ${isLater}))`
}

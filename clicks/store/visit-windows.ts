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
import type { Visit, VisitsCursor, VisitsQuestion } from './question.ts'
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

const WINDOW_ROWS = 2 * VISITS_CHUNK_MAX
const FIRST_LENGTH_MS = 3_600_000
/** By how much a window that had few clicks is outdone by the next. */
const GROWTH = 4

/**
 * @param question its times lie within those of the store
 * @param read gives what is in a window, newest first, at most as many as it says
 */
export async function* readByWindows(
  question: VisitsQuestion,
  read: (window: VisitWindow) => Promise<readonly Visit[]>,
): AsyncGenerator<readonly Visit[]> {
  let { after, visitsMax: left = Infinity } = question
  let to = Math.min(question.to, after === undefined ? Infinity : after.at + 1)
  let lengthMs = FIRST_LENGTH_MS
  while (to > question.from && left > 0) {
    const from = Math.max(question.from, to - lengthMs)
    const rows = Math.min(WINDOW_ROWS, left)
    const visits = await read({ from, to, after, rows })
    for (let first = 0; first < visits.length; first += VISITS_CHUNK_MAX) {
      yield visits.slice(first, first + VISITS_CHUNK_MAX)
    }
    left -= visits.length
    if (visits.length < rows) {
      to = from
      if (visits.length < WINDOW_ROWS / GROWTH) lengthMs *= GROWTH
    } else {
      after = visits.at(-1)!
      lengthMs = Math.max(1, to - after.at)
      to = after.at + 1
    }
  }
}

/** Which clicks lie behind a cursor. */
export function behind({ at, position, index }: VisitsCursor): string {
  const { at: time, position: place, index: number } = CLICK_COLUMNS
  const isLater = `(${place} < ${whole(position)} OR (${place} = ${whole(position)} AND ${number} < ${whole(index)}))`
  return `(${time} < ${whole(at)} OR (${time} = ${whole(at)} AND ${isLater}))`
}

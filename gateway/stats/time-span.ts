/**
 * The time that a question is about, as clients write it, and the time that it is compared with.
 *
 * Used for questions and visits; pure. `from` counts, `to` does not. Each is a time with an offset, or a
 * date: the first moment of that day where the question's time zone is. By default it is the last
 * DEFAULT_DAYS days until now.
 */
import type { EpochMs } from '../../links/ids.ts'
import { TinygridError } from '../../links/errors.ts'
import { bucketStarts } from '../../clicks/store/buckets.ts'
import { offsetPieces } from '../../clicks/store/zone-offsets.ts'
import { parseIsoTime } from '../api/iso-time.ts'

export const DEFAULT_DAYS = 30
/** To look up when a zone changed its clocks takes a millisecond for each year. */
const SPAN_YEARS_MAX = 20
export const COMPARISONS = ['previous', 'year'] as const
export type Comparison = (typeof COMPARISONS)[number]

export interface TimeSpan {
  readonly from: EpochMs
  readonly to: EpochMs
}

const DAY_MS = 86_400_000
/** More than any clock is off UTC, or a day was left out by a zone. */
const SLACK_MS = 2 * DAY_MS
const DATE = /^\d{4}-\d{2}-\d{2}$/

export interface SpanRequest {
  readonly from?: string
  readonly to?: string
  readonly timezone: string
}

/** @throws TinygridError invalid_field (from, to, timezone) */
export function parseSpan({ from, to, timezone }: SpanRequest, now: EpochMs): TimeSpan {
  assertZone(timezone)
  const end = to === undefined ? now : parseMoment(to, timezone, 'to')
  const start =
    from === undefined
      ? (Math.max(0, end - DEFAULT_DAYS * DAY_MS) as EpochMs)
      : parseMoment(from, timezone, 'from')
  const isTooLong = end - start > SPAN_YEARS_MAX * 366 * DAY_MS
  if (start < end && !isTooLong) return { from: start, to: end }
  const detail = `from must be before to, by at most ${SPAN_YEARS_MAX} years`
  throw new TinygridError('invalid_field', { field: 'from', detail })
}

/**
 * The time before, equally long by the wall clock, or the same time of the year before. Both keep to the
 * wall clock, so that a day is compared with a day where clocks were changed.
 */
export function comparedSpan(
  { from, to }: TimeSpan,
  timezone: string,
  with_: Comparison,
): TimeSpan {
  const [start, end] = [shownAt(from, timezone), shownAt(to, timezone)]
  const before =
    with_ === 'previous'
      ? { from: momentOf(2 * start - end, timezone), to: from }
      : { from: momentOf(yearBefore(start), timezone), to: momentOf(yearBefore(end), timezone) }
  if (before.from < before.to && before.from >= 0) return before
  const detail = 'There is no time to compare with'
  throw new TinygridError('invalid_field', { field: 'compare', detail })
}

function assertZone(timezone: string): void {
  offsetPieces(timezone, 0, 1)
}

/** @throws TinygridError invalid_field */
export function parseMoment(text: string, timezone: string, field: string): EpochMs {
  const moment = DATE.test(text) ? dayStart(text, timezone) : parseIsoTime(text)
  if (moment !== undefined) return moment
  const detail = `${field} must be a date, 2030-01-31, or an ISO 8601 time, 2030-01-31T12:00:00Z`
  throw new TinygridError('invalid_field', { field, detail })
}

/** When the wall clock first shows this day, or a later one: zones have left out days. */
function dayStart(date: string, timezone: string): EpochMs | undefined {
  const shown = parseIsoTime(`${date}T00:00:00Z`)
  if (shown === undefined) return undefined
  const near = Math.max(0, shown - SLACK_MS) as EpochMs
  const starts = bucketStarts('day', timezone, near, (shown + SLACK_MS) as EpochMs)
  const start = starts.find((moment) => shownAt(moment, timezone) >= shown)
  return start === undefined || start < 0 ? undefined : start
}

/** What the wall clock shows, as if it were UTC. */
function shownAt(moment: number, timezone: string): number {
  return moment + offsetPieces(timezone, moment, moment + 1)[0]!.offsetMs
}

/** When the wall clock shows that; the first time if twice, and if never, when it has passed it. */
function momentOf(shown: number, timezone: string): EpochMs {
  const pieces = offsetPieces(timezone, shown - SLACK_MS, shown + SLACK_MS)
  const piece = pieces.find(({ to, offsetMs }) => shown - offsetMs < to)!
  return Math.max(piece.from, shown - piece.offsetMs) as EpochMs
}

/** The 29th of February was the 28th. */
function yearBefore(shown: number): number {
  const date = new Date(shown)
  const day = date.getUTCDate()
  date.setUTCFullYear(date.getUTCFullYear() - 1)
  if (date.getUTCDate() !== day) date.setUTCDate(0)
  return date.getTime()
}

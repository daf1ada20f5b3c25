/**
 * Where the buckets of a series begin, by the wall clock of a time zone.
 *
 * Used by every store and by the recount of the tests, so that all count into the same buckets. A bucket
 * ends where the next one begins. Minutes and hours begin whenever the wall clock shows a whole one, and
 * where it jumps into the middle of another one: the hour that a clock shows twice in autumn is two. Days,
 * weeks (from Monday) and months begin when the wall clock first shows their first moment or a later one:
 * a day may have 23 or 25 hours, and a day that a zone left out has no bucket.
 */
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { SERIES_POINTS_MAX, type Interval } from './question.ts'
import { offsetPieces, type OffsetPiece } from './zone-offsets.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** 1970-01-05 was the first Monday. */
const MONDAY_MS = 4 * DAY_MS
/** More than any bucket lasts, and at least so long it takes. */
const LONGEST_MS = { minute: 2 * DAY_MS, hour: 2 * DAY_MS, day: 3 * DAY_MS } as const
const LONGEST = { ...LONGEST_MS, week: 9 * DAY_MS, month: 33 * DAY_MS } as const
const USUAL = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS, week: WEEK_MS } as const
const SHORTEST = { ...USUAL, month: 28 * DAY_MS } as const

/**
 * The beginnings of all buckets that have a moment from `from` until `to` in them, rising: the first may
 * lie before `from`. None if `to` is not after `from`.
 *
 * @throws TinygridError invalid_field: no such time zone, or more buckets than SERIES_POINTS_MAX
 */
export function bucketStarts(
  interval: Interval,
  timezone: string,
  from: EpochMs,
  to: EpochMs,
): EpochMs[] {
  if (from >= to) return []
  // Double: buckets may be shorter than usual where clocks jump.
  if ((to - from) / SHORTEST[interval] > 2 * SERIES_POINTS_MAX) throw tooMany()
  const pieces = offsetPieces(timezone, from - LONGEST[interval], to)
  const isShort = interval === 'minute' || interval === 'hour'
  const starts = isShort ? shortStarts(pieces, USUAL[interval]) : longStarts(pieces, interval)
  const first = starts.findLastIndex((start) => start <= from)
  const wanted = starts.slice(first)
  if (wanted.length > SERIES_POINTS_MAX) throw tooMany()
  return wanted as EpochMs[]
}

function shortStarts(pieces: readonly OffsetPiece[], unit: number): number[] {
  const starts: number[] = []
  let shownBefore: number | undefined
  for (const { from, to, offsetMs } of pieces) {
    const shown = Math.floor((from + offsetMs) / unit)
    const first = Math.ceil((from + offsetMs) / unit) * unit - offsetMs
    const isJump = shownBefore !== undefined && shown !== shownBefore
    if (isJump && first !== from) starts.push(from)
    for (let start = first; start < to; start += unit) starts.push(start)
    shownBefore = Math.floor((to - 1 + offsetMs) / unit)
  }
  return starts
}

function longStarts(pieces: readonly OffsetPiece[], interval: 'day' | 'week' | 'month'): number[] {
  const starts: number[] = []
  const following = FOLLOWING[interval]
  let next = following(pieces[0]!.from + pieces[0]!.offsetMs)
  for (const { from, to, offsetMs } of pieces) {
    while (next - offsetMs < to) {
      const start = Math.max(from, next - offsetMs)
      if (start !== starts.at(-1)) starts.push(start)
      next = following(next)
    }
  }
  return starts
}

/** The next beginning after a moment, both as the wall clock shows them. */
const FOLLOWING = {
  day: (shown: number) => (Math.floor(shown / DAY_MS) + 1) * DAY_MS,
  week: (shown: number) => (Math.floor((shown - MONDAY_MS) / WEEK_MS) + 1) * WEEK_MS + MONDAY_MS,
  month: (shown: number) => {
    const date = new Date(shown)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  },
} as const

function tooMany(): TinygridError {
  const detail = `These are more than ${SERIES_POINTS_MAX} points; take a longer interval`
  return new TinygridError('invalid_field', { field: 'interval', detail })
}

/** Buckets that follow each other and are equally long; the last one may be cut short. */
export interface BucketRun {
  readonly from: number
  readonly lengthMs: number
  /** Number of its first bucket. */
  readonly index: number
  readonly count: number
}

/** The same buckets as runs, so that the bucket of a moment is a matter of dividing. */
export function bucketRuns(starts: readonly EpochMs[], to: EpochMs): BucketRun[] {
  const runs: { from: number; lengthMs: number; index: number; count: number }[] = []
  for (const [index, from] of starts.entries()) {
    const isLast = index === starts.length - 1
    const lengthMs = (starts[index + 1] ?? to) - from
    const run = runs.at(-1)
    const isAlike =
      run !== undefined && (run.lengthMs === lengthMs || (isLast && lengthMs < run.lengthMs))
    if (isAlike) run.count++
    else runs.push({ from, lengthMs, index, count: 1 })
  }
  return runs
}

/**
 * Which time a report is about, and when it is due: pure.
 *
 * Periods follow each other without a gap, by the wall clock of the report's time zone, so a month has a
 * different length and a day may have 23 hours.
 */
import type { EpochMs } from '../../links/ids.ts'
import { bucketStarts } from '../store/buckets.ts'
import type { Report, Schedule } from './report.ts'

export interface Span {
  readonly from: EpochMs
  readonly to: EpochMs
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** So long before a moment begins at least one whole period that has ended by then. */
const LOOK_BACK_MS = { day: 4 * DAY_MS, week: 16 * DAY_MS, month: 64 * DAY_MS } as const

/** The last period that had ended at a moment. */
export function lastPeriod(
  { period, timezone }: Pick<Report, 'period' | 'timezone'>,
  at: EpochMs,
): Span {
  const from = Math.max(0, at - LOOK_BACK_MS[period]) as EpochMs
  const starts = bucketStarts(period, timezone, from, (at + 1) as EpochMs)
  return { from: starts.at(-2)!, to: starts.at(-1)! }
}

/**
 * The period that is to be sent now; undefined: none. Each is sent once; of those that were missed, because
 * nothing ran, only the last.
 *
 * @param sentTo the end of the last period that was sent; undefined: none was
 */
export function duePeriod(
  report: Pick<Report, 'period' | 'timezone' | 'createdAt'>,
  { hour }: Pick<Schedule, 'hour'>,
  sentTo: EpochMs | undefined,
  now: EpochMs,
): Span | undefined {
  const span = lastPeriod(report, (now - hour * HOUR_MS) as EpochMs)
  return span.to > (sentTo ?? report.createdAt) ? span : undefined
}

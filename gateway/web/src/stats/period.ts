/**
 * From when to when is asked, and in steps of what. Pure: the time is passed in.
 *
 * The usual periods begin where the wall clock begins a day (or an hour, or a week), so that the
 * first point of a curve is a whole one.
 */
import type { StatsView } from './stats-view.ts'
import { daysSinceMonday, midnight } from './zone.ts'

export type Interval = 'minute' | 'hour' | 'day' | 'week' | 'month'

export interface Period {
  readonly from: number
  /** Does not count itself. */
  readonly to: number
  readonly interval: Interval
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Longest period that is shown in steps of the one before the arrow. */
const LONGEST_MS: readonly (readonly [Interval, number])[] = [
  ['minute', 4 * HOUR_MS],
  ['hour', 4 * DAY_MS],
  ['day', 200 * DAY_MS],
  ['week', 1200 * DAY_MS],
]
/** The service's clock may be ahead of the browser's, and the time is not passed in all the time. */
const AHEAD_MS = 2 * MINUTE_MS
const WEEKS_OF_YEAR = 52

/** @param zone in which days begin */
export function periodOf(view: StatsView, zone: string, now: number): Period {
  const to = Math.floor(now / MINUTE_MS) * MINUTE_MS + AHEAD_MS
  switch (view.range) {
    case '24h':
      return { from: (Math.floor(now / HOUR_MS) - 23) * HOUR_MS, to, interval: 'hour' }
    case '7d':
      return { from: midnight(now, zone, -6), to, interval: 'day' }
    case '30d':
      return { from: midnight(now, zone, -29), to, interval: 'day' }
    case '12m': {
      const days = WEEKS_OF_YEAR * 7 + daysSinceMonday(now, zone)
      return { from: midnight(now, zone, -days), to, interval: 'week' }
    }
    case 'custom': {
      const { from = now - DAY_MS, to: end = now } = view
      return { from, to: end, interval: intervalOf(end - from) }
    }
  }
}

function intervalOf(length: number): Interval {
  return LONGEST_MS.find(([, longest]) => length <= longest)?.[0] ?? 'month'
}

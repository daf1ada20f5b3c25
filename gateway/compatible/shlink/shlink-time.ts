/**
 * Times as Shlink's clients write them, and the span of a query. Pure.
 *
 * ISO 8601 with an offset, or a date alone, which is its first moment in UTC. Shlink's times have seconds, and
 * its spans hold their last one.
 */
import type { EpochMs } from '../../../links/ids.ts'
import { formatIsoTime } from '../../api/iso-time.ts'
import { parseMoment } from '../../stats/time-span.ts'
import { invalid } from '../../stats/question-request.ts'

const SECOND_MS = 1_000

/** @throws TinygridError invalid_field */
function momentOf(text: unknown, field: string): EpochMs {
  if (typeof text !== 'string') throw invalid(field, `${field} must be an ISO 8601 time`)
  return parseMoment(text, 'UTC', field)
}

/** As our own requests have it; null stays null. @throws TinygridError invalid_field */
export function isoOf(value: unknown, field: string): string | null {
  return value === null ? null : formatIsoTime(momentOf(value, field))
}

/** Half open: `to` is behind the last second. @throws TinygridError invalid_field */
export function spanOf({ startDate, endDate }: Readonly<Record<string, unknown>>): {
  from?: EpochMs
  to?: EpochMs
} {
  const last = endDate ? momentOf(endDate, 'endDate') : undefined
  return {
    ...(startDate ? { from: momentOf(startDate, 'startDate') } : {}),
    ...(last === undefined ? {} : { to: (last - (last % SECOND_MS) + SECOND_MS) as EpochMs }),
  }
}

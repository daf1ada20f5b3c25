/**
 * Times as clients write them: ISO 8601 with a date, a time and Z or an offset.
 *
 * Stricter than Date.parse, which takes the 30th of February for the 2nd of March and a time without
 * an offset for whatever zone the server is in.
 */
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'

const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2})$/

/** undefined: not such a time, no such day, or before 1970. */
export function parseIsoTime(text: string): EpochMs | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const [, year, month, day] = match.map(Number)
  if (!isDay(year!, month!, day!)) return undefined
  const ms = Date.parse(text.toUpperCase().replace(',', '.'))
  return Number.isNaN(ms) || ms < 0 ? undefined : (ms as EpochMs)
}

/**
 * The time that a field of a request names.
 *
 * @param prefix what stands before the field's name
 * @throws TinygridError invalid_field
 */
export function parseIsoTimeField(text: string, prefix: string, name: string): EpochMs {
  const time = parseIsoTime(text)
  if (time !== undefined) return time
  const detail = `${name} must be an ISO 8601 time with offset, such as 2030-01-31T12:00:00Z`
  throw new TinygridError('invalid_field', { field: `${prefix}${name}`, detail })
}

export function formatIsoTime(time: EpochMs): string {
  return new Date(time).toISOString()
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

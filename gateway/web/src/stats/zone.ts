/**
 * Wall clock and instant in a time zone, with what browsers have: `Intl`.
 *
 * Used for periods that begin at midnight, and for dates that are typed. Where the wall clock skips
 * an hour the instant behind the gap is meant; where it repeats one, the first of the two.
 */

const DAY_MS = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** The zone of the browser. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** What the wall clock shows, as if it were UTC. */
export function wallClock(at: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The instant at which the wall clock shows `wall`. */
export function instantOf(wall: number, zone: string): number {
  const offsets = [wall - DAY_MS, wall + DAY_MS].map((at) => wallClock(at, zone) - at)
  const fitting = offsets
    .map((offset) => wall - offset)
    .filter((at) => wallClock(at, zone) === wall)
  return fitting.length > 0 ? Math.min(...fitting) : wall - offsets[0]!
}

/** Midnight before `at`, `days` later. */
export function midnight(at: number, zone: string, days = 0): number {
  const wall = wallClock(at, zone)
  return instantOf(wall - (((wall % DAY_MS) + DAY_MS) % DAY_MS) + days * DAY_MS, zone)
}

/** Days since the Monday of `at`'s week, 0 to 6. */
export function daysSinceMonday(at: number, zone: string): number {
  return (new Date(wallClock(at, zone)).getUTCDay() + 6) % 7
}

/** `2026-03-04`, as fields for dates have it. */
export function dateText(at: number, zone: string): string {
  return new Date(wallClock(at, zone)).toISOString().slice(0, 10)
}

/** Midnight at which a date of that form begins; undefined: it is none. */
export function dateStart(text: string, zone: string): number | undefined {
  const wall = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(wall) ? undefined : instantOf(wall, zone)
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/**
 * How far the wall clock of a time zone is from UTC, as pieces of time in each of which it stays the same.
 *
 * Used for buckets of a series, for hours of the day and for weekdays. Built on the time zone data that
 * Node carries; `Intl` tells only what a wall clock shows at a moment, so the moments at which the offset
 * changes are found by bisection, once for each zone and year, and kept. Exact to the second, as the data.
 *
 * Rejected: the time zone functions of the stores. They have data of their own, of another age.
 */
import assert from 'node:assert/strict'
import { TinygridError } from '../../links/errors.ts'

/** From `from` until `to` the wall clock shows UTC and `offsetMs`. */
export interface OffsetPiece {
  readonly from: number
  readonly to: number
  readonly offsetMs: number
}

interface Transition {
  readonly at: number
  /** From then on. */
  readonly offsetMs: number
}

const SECOND_MS = 1_000
const DAY_MS = 86_400_000
const YEAR_MS = 366 * DAY_MS
/** Shorter than any time that lay between two changes back and forth since 1970 (12 days, San Luis in 2004). */
const PROBE_MS = 6 * DAY_MS
/** Zones whose changes are kept, and for each so many years. */
const ZONES_MAX = 100
const YEARS_MAX = 1_000

const zones = new Map<string, ZoneClock>()

/**
 * Pieces that cover everything from `from` to `to` without a gap.
 *
 * @throws TinygridError invalid_field: there is no such time zone
 */
export function offsetPieces(timezone: string, from: number, to: number): OffsetPiece[] {
  assert(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from < to)
  return zoneClock(timezone).pieces(from, to)
}

function zoneClock(timezone: string): ZoneClock {
  const known = zones.get(timezone)
  if (known !== undefined) return known
  const clock = new ZoneClock(timezone)
  if (zones.size >= ZONES_MAX) zones.delete(zones.keys().next().value!)
  zones.set(timezone, clock)
  return clock
}

class ZoneClock {
  readonly #format: Intl.DateTimeFormat
  /** Changes within a year, by its number: YEAR_MS each, from 1970. */
  readonly #years = new Map<number, readonly Transition[]>()

  constructor(timezone: string) {
    this.#format = formatOf(timezone)
  }

  pieces(from: number, to: number): OffsetPiece[] {
    const pieces: OffsetPiece[] = []
    let piece = { from, offsetMs: this.#offsetAt(from) }
    for (let year = Math.floor(from / YEAR_MS); year * YEAR_MS < to; year++) {
      for (const { at, offsetMs } of this.#transitionsOf(year)) {
        if (at <= from || at >= to) continue
        pieces.push({ ...piece, to: at })
        piece = { from: at, offsetMs }
      }
    }
    pieces.push({ ...piece, to })
    return pieces
  }

  #transitionsOf(year: number): readonly Transition[] {
    const known = this.#years.get(year)
    if (known !== undefined) return known
    const transitions: Transition[] = []
    const end = (year + 1) * YEAR_MS
    for (let probe = year * YEAR_MS; probe < end; probe += PROBE_MS) {
      transitions.push(...this.#transitionsBetween(probe, Math.min(probe + PROBE_MS, end)))
    }
    if (this.#years.size >= YEARS_MAX) this.#years.clear()
    this.#years.set(year, transitions)
    return transitions
  }

  /** After `from`, up to and with `to`. */
  #transitionsBetween(from: number, to: number): Transition[] {
    const transitions: Transition[] = []
    const last = this.#offsetAt(to)
    for (let start = from, offset = this.#offsetAt(from); offset !== last;) {
      start = this.#firstOther(start, to, offset)
      offset = this.#offsetAt(start)
      transitions.push({ at: start, offsetMs: offset })
    }
    return transitions
  }

  /** A moment at which the offset is no longer `offset`, as it was a second before. */
  #firstOther(from: number, to: number, offset: number): number {
    let before = from / SECOND_MS
    let after = to / SECOND_MS
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (this.#offsetAt(middle * SECOND_MS) === offset) before = middle
      else after = middle
    }
    return after * SECOND_MS
  }

  #offsetAt(at: number): number {
    const second = Math.floor(at / SECOND_MS) * SECOND_MS
    const shown: Record<string, number> = {}
    for (const { type, value } of this.#format.formatToParts(second)) shown[type] = Number(value)
    const { year, month, day, hour, minute, second: seconds } = shown
    return Date.UTC(year!, month! - 1, day, hour, minute, seconds) - second
  }
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (cause) {
    const detail = 'There is no such time zone'
    throw new TinygridError('invalid_field', { field: 'timezone', detail, cause })
  }
}

/**
 * How much of the event loop long work may take: at most half of any ten milliseconds in which there
 * is other work.
 *
 * Used by `long-work.ts`; pure, time comes in. It is told how long each stretch of long work took, and
 * how long the event loop was busy with everything else between two stretches. While that is next to
 * nothing nobody is kept waiting, and long work may go on: a start, or a search at night, gets the
 * whole processor. The window slides, so there is no moment at which two shares follow each other.
 */

/** The share holds for every stretch of time of this length. */
export const WINDOW_MS = 10
/** What long work may take of it. */
export const LONG_MS_MAX = 5
/** Less than this of other work in a window is none: it is served in the turns, and they are enough. */
export const OTHER_MS_MIN = 1
/** What a turn of the event loop costs by itself. */
const TURN_MS = 0.03

interface Stretch {
  readonly endedAt: number
  readonly ms: number
}

/** What was taken within the last window. */
class RecentTime {
  /** Invariant: in order of their ends. */
  #stretches: Stretch[] = []

  note(ms: number, endedAt: number): void {
    if (ms > 0) this.#stretches.push({ endedAt, ms })
  }

  /** A stretch that began before the window counts with what lies in it. */
  sum(now: number): number {
    const from = now - WINDOW_MS
    const past = this.#stretches.findIndex(({ endedAt }) => endedAt > from)
    this.#stretches = past === -1 ? [] : this.#stretches.slice(past)
    return this.#stretches.reduce((sum, { ms, endedAt }) => sum + Math.min(ms, endedAt - from), 0)
  }

  /** When the sum will have fallen below `limit`; only if it has not. */
  fallsBelow(limit: number, now: number): number {
    let excess = this.sum(now) - limit
    for (const { ms, endedAt } of this.#stretches) {
      const inWindow = Math.min(ms, endedAt - (now - WINDOW_MS))
      if (excess < inWindow) return endedAt - inWindow + excess + WINDOW_MS
      excess -= inWindow
    }
    return now
  }
}

export class WorkShare {
  readonly #long = new RecentTime()
  readonly #other = new RecentTime()

  /** Long work ran for `ms` until `endedAt`. */
  noteLong(ms: number, endedAt: number): void {
    this.#long.note(ms, endedAt)
  }

  /** A turn of the event loop, in which long work waited, took `ms` and ended at `endedAt`. */
  noteTurn(ms: number, endedAt: number): void {
    this.#other.note(ms - TURN_MS, endedAt)
  }

  /** How long it may go on from now; 0: it has to wait. */
  allowedMs(now: number): number {
    if (this.#other.sum(now) < OTHER_MS_MIN) return LONG_MS_MAX
    return Math.max(0, LONG_MS_MAX - this.#long.sum(now))
  }

  /** How long it has to wait until `ms` are allowed, if nothing else happens. */
  waitMs(ms: number, now: number): number {
    if (this.allowedMs(now) >= ms) return 0
    return this.#long.fallsBelow(LONG_MS_MAX - ms, now) - now
  }
}

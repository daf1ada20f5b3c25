/**
 * When numbers are asked for anew while clicks come.
 *
 * A click reaches the answers a moment after it is told live, so they are asked for soon after it,
 * and again later in case analytics was slow. Under a steady stream times that lie close to
 * another fall away, so that asking has a bounded rate. Used by `use-live-clicks.ts`.
 */

interface Pace {
  /** After a click. */
  readonly delaysMs: readonly number[]
  /** Between one time of asking and the next. */
  readonly apartMs: number
}

/** For the counters, which move with each click. */
export const COUNTER_PACE: Pace = { delaysMs: [250, 1_000, 3_000], apartMs: 700 }
/** For everything else. */
export const PANEL_PACE: Pace = { delaysMs: [1_500, 6_000], apartMs: 5_000 }

interface Clock {
  readonly set: (run: () => void, delayMs: number) => number
  readonly clear: (timer: number | undefined) => void
}

const REAL_CLOCK: Clock = {
  set: (run, delayMs) => window.setTimeout(run, delayMs),
  clear: (timer) => window.clearTimeout(timer),
}

export class Pacer {
  readonly #ask: () => void
  readonly #pace: Pace
  readonly #now: () => number
  readonly #clock: Clock
  /** When to ask, the next first. */
  #due: number[] = []
  #lastAsked = Number.NEGATIVE_INFINITY
  #timer: number | undefined

  constructor(
    pace: Pace,
    ask: () => void,
    now: () => number = () => performance.now(),
    clock: Clock = REAL_CLOCK,
  ) {
    this.#pace = pace
    this.#ask = ask
    this.#now = now
    this.#clock = clock
  }

  clicked(): void {
    this.#askAfter(this.#pace.delaysMs)
  }

  /** Clicks were not told until now: those of the last moment may be missing in what is known. */
  opened(): void {
    this.#askAfter(this.#pace.delaysMs.slice(-1))
  }

  stop(): void {
    this.#clock.clear(this.#timer)
    this.#due = []
  }

  #askAfter(delaysMs: readonly number[]): void {
    const now = this.#now()
    const { apartMs } = this.#pace
    for (const delay of delaysMs) {
      const at = Math.max(now + delay, this.#lastAsked + apartMs)
      const isNear = this.#due.some((due) => due > at - apartMs && due < at + apartMs / 2)
      if (!isNear) this.#due.push(at)
    }
    this.#due.sort((a, b) => a - b)
    this.#wind(now)
  }

  #wind(now: number): void {
    this.#clock.clear(this.#timer)
    const [next] = this.#due
    if (next === undefined) return
    this.#timer = this.#clock.set(() => {
      this.#due.shift()
      this.#lastAsked = this.#now()
      this.#ask()
      this.#wind(this.#lastAsked)
    }, next - now)
  }
}

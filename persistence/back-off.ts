/**
 * How long to wait before the next attempt at something that keeps failing. Pure.
 *
 * Doubles from BACK_OFF_MIN_MS to BACK_OFF_MAX_MS. The upper half of each wait is random, so that
 * nodes that lost one server together do not come back to it together.
 */

const BACK_OFF_MIN_MS = 50
const BACK_OFF_MAX_MS = 5000

export class BackOff {
  readonly #random: () => number
  #failures = 0

  /** @param random from 0 to below 1 */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Notes a failure; returns the wait in milliseconds. */
  next(): number {
    const ceiling = Math.min(BACK_OFF_MAX_MS, BACK_OFF_MIN_MS * 2 ** this.#failures)
    if (ceiling < BACK_OFF_MAX_MS) this.#failures++
    return ceiling * (0.5 + this.#random() / 2)
  }

  reset(): void {
    this.#failures = 0
  }
}

/**
 * How fast a counter grows: its rate over the last seconds.
 *
 * Fed with the counter's value about once a second. A counter that begins anew gives no rate until
 * the older values are forgotten.
 */

const SAMPLES_MAX = 4

interface Sample {
  readonly at: number
  readonly total: number
}

export class RateMeter {
  readonly #samples: Sample[] = []

  /** @param at milliseconds; never goes back */
  note(total: number, at: number): void {
    this.#samples.push({ at, total })
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
  }

  get perSecond(): number {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at === first.at) return 0
    return Math.max(0, (last.total - first.total) / ((last.at - first.at) / 1_000))
  }
}

/**
 * A probe: asks something that may be away, rarely and without waiting for it long.
 *
 * Used for what is told of the servers and the log. However often and by however many it is looked
 * at, one question is under way at a time, and none before the last answer is FRESH_MS old. A look
 * takes at most WAIT_MS; an answer that comes later counts for the next one.
 */
import type { Clock } from '../../links/clock.ts'

const FRESH_MS = 1_000
const WAIT_MS = 300

export interface Probed<T> {
  /** Whether the last question was answered. */
  readonly isAnswered: boolean
  /** By the probe's clock: since when that is so. */
  readonly since: number
  /** The last answer there was. */
  readonly answer: T | undefined
  /** How long it took, in milliseconds. */
  readonly tookMs: number | undefined
}

export class Probe<T> {
  readonly #ask: () => Promise<T>
  readonly #clock: Clock
  #state: Probed<T>
  #asking: Promise<void> | undefined
  /** When the last question was answered, or failed. */
  #lookedAt = -Infinity

  constructor(ask: () => Promise<T>, clock: Clock) {
    this.#ask = ask
    this.#clock = clock
    this.#state = {
      isAnswered: false,
      since: clock.now(),
      answer: undefined,
      tookMs: undefined,
    }
  }

  async look(): Promise<Probed<T>> {
    if (this.#clock.now() - this.#lookedAt < FRESH_MS) return this.#state
    const asking = (this.#asking ??= this.#question())
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(WAIT_MS, () => {
        if (this.#asking === asking) this.#unanswered()
        resolve()
      })
      void asking.then(() => {
        cancel()
        resolve()
      })
    })
    return this.#state
  }

  async #question(): Promise<void> {
    const began = this.#clock.now()
    try {
      const answer = await this.#ask()
      const now = this.#clock.now()
      const since = this.#state.isAnswered ? this.#state.since : now
      this.#state = { isAnswered: true, since, answer, tookMs: now - began }
    } catch {
      this.#unanswered()
    }
    this.#asking = undefined
    this.#lookedAt = this.#clock.now()
  }

  #unanswered(): void {
    if (!this.#state.isAnswered) return
    this.#state = { ...this.#state, isAnswered: false, since: this.#clock.now() }
  }
}

/**
 * Deletions that this copy of the clicks has carried out, for those who wait to hear of one.
 *
 * Filled by the click consumer, asked by whoever wrote a deletion into the log. It remembers the last ones alone: who
 * asks for another one waits in vain, as for one that has not been met yet.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'

const REMEMBERED_MAX = 1_000
const WAIT_MS_MAX = 20_000

export class AppliedDeletions {
  readonly #clock: Clock
  /** By id: how many clicks there were. */
  readonly #applied = new Map<string, number>()
  readonly #waiting = new Map<string, Set<(clicks: number) => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(id: string, clicks: number): void {
    this.#applied.set(id, clicks)
    if (this.#applied.size > REMEMBERED_MAX)
      this.#applied.delete(this.#applied.keys().next().value!)
    for (const tell of this.#waiting.get(id) ?? []) tell(clicks)
  }

  /**
   * How many clicks it deleted here, once it has.
   *
   * @throws TinygridError analytics_unavailable: not within WAIT_MS_MAX
   */
  async of(id: string): Promise<number> {
    const known = this.#applied.get(id)
    if (known !== undefined) return known
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const waiting = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, waiting.add(resolve))
    const cancel = this.#clock.after(WAIT_MS_MAX, () => {
      const detail = 'The deletion was not carried out in time; it will be'
      reject(new TinygridError('analytics_unavailable', { detail }))
    })
    try {
      return await promise
    } finally {
      cancel()
      waiting.delete(resolve)
      if (waiting.size === 0) this.#waiting.delete(id)
    }
  }
}

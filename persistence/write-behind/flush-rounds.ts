/**
 * Lets all who wait for a flush of the same moment wait for one and the same.
 *
 * Used by the flush of a cluster (`node/cluster-flush.ts`). Who asks is answered by a round that begins
 * after it has asked, so that it includes what was acknowledged before. A round begins at once, or
 * `spacingMs` after the one before has begun; that one may go on meanwhile, so a slow one holds up nobody.
 */
import { within, type Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'

export interface FlushRoundsOptions {
  readonly clock: Clock
  /** Between the beginnings of two rounds. */
  readonly spacingMs: () => number
  /** Rejects after the time if it is not done. */
  readonly round: (timeoutMs: number) => Promise<void>
}

interface Round {
  /** The longest that any of those who wait for it allows. */
  timeoutMs: number
  readonly done: Promise<void>
}

export class FlushRounds {
  readonly #options: FlushRoundsOptions
  #begunAt = -Infinity
  /** It has not begun. */
  #next: Round | undefined

  constructor(options: FlushRoundsOptions) {
    this.#options = options
  }

  /** @throws what the round throws, TinygridError store_unavailable after `timeoutMs` */
  async wait(timeoutMs: number): Promise<void> {
    this.#next ??= this.#plan()
    this.#next.timeoutMs = Math.max(this.#next.timeoutMs, timeoutMs)
    try {
      await within(timeoutMs, 'the flush', this.#next.done, this.#options.clock)
    } catch (cause) {
      if (cause instanceof TinygridError) throw cause
      throw new TinygridError('store_unavailable', { cause })
    }
  }

  #plan(): Round {
    const { clock, spacingMs } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Nobody may be waiting any more when it fails.
    promise.catch(() => {})
    const begin = () => void this.#begin().then(resolve, reject)
    const waitMs = this.#begunAt + spacingMs() - clock.now()
    if (waitMs > 0) clock.after(waitMs, begin)
    else queueMicrotask(begin)
    return { timeoutMs: 0, done: promise }
  }

  #begin(): Promise<void> {
    const { timeoutMs } = this.#next!
    this.#next = undefined
    this.#begunAt = this.#options.clock.now()
    return this.#options.round(timeoutMs)
  }
}

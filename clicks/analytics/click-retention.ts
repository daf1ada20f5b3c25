/**
 * When old clicks are removed: at the start and once an hour.
 *
 * Used by the click consumer between two of its steps. A store that cannot do it is asked again later;
 * clicks are stored meanwhile.
 */
import type { Clock } from '../../links/clock.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { ClickStore } from '../store/click-store.ts'

const EVERY_MS = 3_600_000
const AGAIN_MS = 60_000

export interface ClickRetentionOptions {
  readonly store: Pick<ClickStore, 'retain'>
  readonly clock: Clock
  readonly now: () => EpochMs
  /** How long single clicks are kept. */
  readonly retentionMs: number
  readonly onError: (what: string, error: unknown) => void
}

export class ClickRetention {
  readonly #options: ClickRetentionOptions
  #dueAt = -Infinity

  constructor(options: ClickRetentionOptions) {
    this.#options = options
  }

  /** Never rejects. */
  async whenDue(): Promise<void> {
    const { clock, store, now, retentionMs, onError } = this.#options
    if (clock.now() < this.#dueAt) return
    this.#dueAt = clock.now() + EVERY_MS
    try {
      await store.retain(Math.max(0, now() - retentionMs) as EpochMs)
    } catch (error) {
      this.#dueAt = clock.now() + AGAIN_MS
      onError('old clicks could not be removed', error)
    }
  }
}

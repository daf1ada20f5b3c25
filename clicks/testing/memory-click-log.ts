/**
 * The click log in memory, for tests: the contract of `click-log.ts` and nothing that survives.
 *
 * It can be told to fail, before or after a batch was stored.
 */
import { TinygridError } from '../../links/errors.ts'
import type { ClickLogReader, ClickLogSpan, ClickLogWriter, LoggedBatch } from '../log/click-log.ts'

interface Held extends LoggedBatch {
  readonly id: string
}

export class MemoryClickLog implements ClickLogWriter {
  /** Of the next appends: refused, or stored with the acknowledgement lost. */
  fault: 'none' | 'refused' | 'unacknowledged' = 'none'
  readonly #bytesMax: number
  #held: Held[] = []
  #last = 0
  readonly #waiting = new Set<() => void>()

  constructor(bytesMax = Infinity) {
    this.#bytesMax = bytesMax
  }

  async append(id: string, payload: Uint8Array): Promise<void> {
    if (this.fault === 'refused') throw new TinygridError('click_log_unavailable')
    if (!this.#held.some((held) => held.id === id)) {
      this.#held.push({ id, position: ++this.#last, payload: Uint8Array.from(payload) })
    }
    while (this.#bytes > this.#bytesMax) this.#held.shift()
    for (const wake of this.#waiting) wake()
    if (this.fault === 'unacknowledged') throw new TinygridError('click_log_unavailable')
  }

  get batches(): readonly Held[] {
    return this.#held
  }

  reader(): ClickLogReader {
    return {
      read: async (after) => this.#held.filter(({ position }) => position > after),
      more: async (position, signal) => {
        if (this.#last > position || signal.aborted) return
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#waiting.add(resolve)
        signal.addEventListener('abort', () => resolve())
        await promise
        this.#waiting.delete(resolve)
      },
      span: async () => this.#span(),
      close: async () => {},
    }
  }

  async close(): Promise<void> {}

  #span(): ClickLogSpan {
    const next = this.#last === 0 ? 0 : this.#last + 1
    const firstPosition = this.#held[0]?.position ?? next
    return { firstPosition, lastPosition: this.#last, bytes: this.#bytes }
  }

  get #bytes(): number {
    return this.#held.reduce((sum, { payload }) => sum + payload.length, 0)
  }
}

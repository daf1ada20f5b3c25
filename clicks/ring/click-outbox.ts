/**
 * Batches on their way into the click log, one after the other.
 *
 * Used by the recorder. A batch is tried until the log has it, and the next one waits, so that the log
 * has a process's batches in their order. What waits is bounded in bytes, but for one batch: a full
 * outbox says so, and then the recorder makes no more.
 */
import { pause, type Clock } from '../../links/clock.ts'
import { tracedRoot } from '../../links/tracing.ts'
import { BackOff } from '../../persistence/back-off.ts'
import type { ClickLogWriter } from '../log/click-log.ts'

export interface OutboxOptions {
  readonly writer: Pick<ClickLogWriter, 'append'>
  readonly bytesMax: number
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly onError: (what: string, error: unknown) => void
}

export interface WaitingBatch {
  readonly id: string
  readonly payload: Uint8Array
  readonly clicks: number
  /** Told once, when the log has it, or when it was given up. */
  readonly onEnd?: (isLogged: boolean) => void
}

export class ClickOutbox {
  readonly #options: OutboxOptions
  readonly #backOff: BackOff
  /** The first is being appended. */
  #waiting: WaitingBatch[] = []
  #bytes = 0
  #clicks = 0
  #logged = 0
  #sending: Promise<void> | undefined
  readonly #givenUp = new AbortController()

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#backOff = new BackOff(options.random)
  }

  get isFull(): boolean {
    return this.#bytes >= this.#options.bytesMax
  }

  get batches(): number {
    return this.#waiting.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Clicks that wait. */
  get clicks(): number {
    return this.#clicks
  }

  /** Clicks that the log has. */
  get logged(): number {
    return this.#logged
  }

  add(batch: WaitingBatch): void {
    this.#waiting.push(batch)
    this.#bytes += batch.payload.length
    this.#clicks += batch.clicks
    this.#sending ??= this.#send()
  }

  /** Gives the rest this time, then gives it up. Gives how many clicks that were. */
  async close(timeoutMs: number): Promise<number> {
    // A timer that was left would keep the process from its end for all of this time.
    const sent = new AbortController()
    await Promise.race([this.#sending, pause(this.#options.clock, timeoutMs, sent.signal)])
    sent.abort()
    this.#givenUp.abort()
    const lost = this.#clicks
    for (const { onEnd } of this.#waiting) onEnd?.(false)
    this.#waiting = []
    this.#bytes = 0
    this.#clicks = 0
    return lost
  }

  async #send(): Promise<void> {
    const { writer, clock, onError } = this.#options
    const { signal } = this.#givenUp
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      try {
        const { id, payload, clicks } = batch
        const append = () => writer.append(id, payload)
        await tracedRoot('clicks.append', { 'tinygrid.clicks': clicks }, append)
      } catch (error) {
        if (signal.aborted) return
        onError('clicks could not be logged', error)
        await pause(clock, this.#backOff.next(), signal)
        if (signal.aborted) return
        continue
      }
      if (signal.aborted) return // counted as lost already
      this.#backOff.reset()
      this.#waiting.shift()
      this.#bytes -= batch.payload.length
      this.#clicks -= batch.clicks
      this.#logged += batch.clicks
      batch.onEnd?.(true)
    }
    this.#sending = undefined
  }
}

/**
 * How many bytes a stream holds, and what may be added to them.
 *
 * Used by `jetstream-log.ts`. Known without asking, since `Log.bytes` may not wait for a server: between
 * two answers of it, own appends are added; what other nodes append and trim shows up with the next
 * one, at most REFRESH_INTERVAL_MS after something was changed here. Nothing is asked while nothing
 * changes.
 *
 * Writes end at the bound of the settings, by what is known here, and the stream's own bound lies
 * EPOCH_RESERVE_BYTES above: what all nodes add within that second, and epoch records, have their place
 * there. Where it is used up all the same, an epoch record gets a new reserve. Rejected: one bound for
 * all, kept by the stream; when it is reached, nobody can open a partition and so nobody trims it.
 */
import { hasCode, TinygridError } from '../../links/errors.ts'
import { unavailable } from './jetstream-failure.ts'
import type { AppendKind } from './log.ts'

export interface JetStreamUsageOptions {
  /** For writes. */
  readonly bytesMax: number
  readonly ask: () => Promise<number>
  /** Lets the stream hold EPOCH_RESERVE_BYTES more than it does. */
  readonly renewReserve: () => Promise<void>
}

const REFRESH_INTERVAL_MS = 1_000

export class JetStreamUsage {
  readonly #options: JetStreamUsageOptions
  #asking: Promise<void> | undefined
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: JetStreamUsageOptions) {
    this.#options = options
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Appends if it may. @throws TinygridError as `Log.append` does */
  async keep<T>(kind: AppendKind, bytes: number, append: () => Promise<T>): Promise<T> {
    if (kind === 'write') {
      // At once where it can be: what is appended before a close is not refused.
      if (!this.#hasRoom(bytes)) await this.#makeSureOfRoom(bytes)
      return append()
    }
    try {
      return await append()
    } catch (error) {
      if (!hasCode(error, 'log_full')) throw error
      await this.#options.renewReserve().catch(() => Promise.reject(error as Error))
      return append()
    }
  }

  /** The bound seems reached, but somebody may have trimmed since. */
  async #makeSureOfRoom(bytes: number): Promise<void> {
    await this.refresh().catch((cause: unknown) => {
      throw unavailable('asking how full the log is', cause)
    })
    if (!this.#hasRoom(bytes)) throw new TinygridError('log_full')
  }

  #hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#options.bytesMax
  }

  add(bytes: number): void {
    this.#bytes += bytes
    this.refreshSoon()
  }

  refreshSoon(): void {
    if (this.#isStopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      // An estimate that cannot be renewed stays as it is; the next change tries again.
      this.refresh().catch(() => {})
    }, REFRESH_INTERVAL_MS).unref()
  }

  /** All that ask while the server is asked get the same answer. */
  async refresh(): Promise<void> {
    this.#asking ??= this.#refresh()
    await this.#asking
  }

  async #refresh(): Promise<void> {
    try {
      this.#bytes = await this.#options.ask()
    } finally {
      this.#asking = undefined
    }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }
}

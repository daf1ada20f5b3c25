/**
 * Gathers reads of single links into reads of many.
 *
 * Used by MongoDB's own way. What is asked for in one turn of the event loop goes together; a few
 * batches are under way at a time, and what comes meanwhile makes the next ones larger, so a slow
 * server is asked for more at once, not more often. A read never joins a batch that has left: it has
 * to see what was written before it was asked for. Nothing that has waited too long is sent.
 */
import { systemClock, type Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'

export interface ReadBatchesOptions {
  /** Resolves with the versions there are of these codes. */
  readonly read: (codes: readonly Code[]) => Promise<readonly LinkVersion[]>
  /** Codes in one read. */
  readonly codesMax: number
  /** Reads under way at a time. */
  readonly underWayMax: number
  /** Reads that may wait for their turn; what is above is refused. */
  readonly waitingMax: number
  /** After which nobody waits for an answer any more, in milliseconds. */
  readonly patienceMs: number
  readonly clock?: Pick<Clock, 'now'>
}

interface Waiting {
  readonly code: Code
  readonly since: number
  readonly resolve: (version: LinkVersion | undefined) => void
  readonly reject: (error: unknown) => void
}

export class ReadBatches {
  readonly #options: ReadBatchesOptions
  readonly #clock: Pick<Clock, 'now'>
  /** Oldest first. */
  #waiting: Waiting[] = []
  /** Invariant: at most underWayMax. */
  #underWay = 0
  #isPlanned = false

  constructor(options: ReadBatchesOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** @throws what `read` does; TinygridError store_unavailable where too many wait */
  async get(code: Code): Promise<LinkVersion | undefined> {
    if (this.#waiting.length >= this.#options.waitingMax) {
      throw new TinygridError('store_unavailable', { detail: 'Too many reads wait for the store' })
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ code, since: this.#clock.now(), resolve, reject })
      this.#plan()
    })
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setImmediate(() => {
      this.#isPlanned = false
      this.#send()
    })
  }

  #send(): void {
    const { codesMax, underWayMax } = this.#options
    while (this.#waiting.length > 0 && this.#underWay < underWayMax) {
      const batch = this.#waiting.splice(0, codesMax).filter((waiting) => this.#isAwaited(waiting))
      if (batch.length > 0) void this.#read(batch)
    }
  }

  #isAwaited({ since, reject }: Waiting): boolean {
    if (this.#clock.now() - since <= this.#options.patienceMs) return true
    reject(new Error('the read has waited for too long'))
    return false
  }

  async #read(batch: readonly Waiting[]): Promise<void> {
    this.#underWay++
    try {
      const codes = new Set(batch.map(({ code }) => code))
      const versions = await this.#options.read([...codes])
      const found = new Map(versions.map((version) => [version.code, version]))
      for (const { code, resolve } of batch) resolve(found.get(code))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.#underWay--
      this.#send()
    }
  }
}

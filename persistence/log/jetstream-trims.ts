/**
 * The trims that wait for JetStream: of each partition the furthest one, a bounded number at a time.
 *
 * Used by `jetstream-log.ts`. The write-behind trims every partition it has flushed, twice a second;
 * here a partition whose purge is under way gathers the next, and one request does for all of them.
 * What a purge is, and that it spares a partition's last entry, is its caller's.
 */
import type { LogPosition, PartitionId } from '../../links/ids.ts'

interface Waiting {
  upTo: LogPosition
  readonly done: PromiseWithResolvers<void>
}

/** Purges are answered in turn by the server, so more at a time would only queue there. */
const PURGES_AT_ONCE_MAX = 16

export class JetStreamTrims {
  readonly #purge: (partition: PartitionId, upTo: LogPosition) => Promise<void>
  readonly #waiting = new Map<PartitionId, Waiting>()
  /** Invariant: at most PURGES_AT_ONCE_MAX; of each partition one, so that they go in order. */
  readonly #purging = new Set<PartitionId>()

  constructor(purge: (partition: PartitionId, upTo: LogPosition) => Promise<void>) {
    this.#purge = purge
  }

  /** Settles as the purge that covers it. */
  trim(partition: PartitionId, upTo: LogPosition): Promise<void> {
    const waiting = this.#waiting.get(partition) ?? { upTo, done: Promise.withResolvers<void>() }
    if (upTo > waiting.upTo) waiting.upTo = upTo
    this.#waiting.set(partition, waiting)
    this.#next()
    return waiting.done.promise
  }

  #next(): void {
    for (const [partition, { upTo, done }] of this.#waiting) {
      if (this.#purging.size >= PURGES_AT_ONCE_MAX) return
      if (this.#purging.has(partition)) continue
      this.#waiting.delete(partition)
      this.#purging.add(partition)
      const ended = this.#purge(partition, upTo).finally(() => {
        this.#purging.delete(partition)
        this.#next()
      })
      ended.then(done.resolve, done.reject)
    }
  }
}

/**
 * Those who wait until the store has what was dirty when they asked.
 *
 * Used by `write-behind.ts`, for lists, which are read from the store and must show every write
 * acknowledged before. A barrier is a position per partition, reached when the checkpoint is there.
 */
import { TinygridError } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import type { Clock } from '../../links/clock.ts'

interface Barrier {
  /** Positions not reached yet. */
  readonly marks: Map<PartitionId, LogPosition>
  readonly resolve: () => void
}

export class FlushBarriers {
  readonly #clock: Clock
  readonly #checkpointOf: (partition: PartitionId) => LogPosition
  readonly #barriers = new Set<Barrier>()

  constructor(clock: Clock, checkpointOf: (partition: PartitionId) => LogPosition) {
    this.#clock = clock
    this.#checkpointOf = checkpointOf
  }

  /** Barriers not reached. */
  get count(): number {
    return this.#barriers.size
  }

  /**
   * Resolves when all marks are reached.
   *
   * @throws TinygridError store_unavailable after `timeoutMs`
   */
  raise(marks: Map<PartitionId, LogPosition>, timeoutMs: number): Promise<void> {
    if (marks.size === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const barrier = { marks, resolve: () => end(resolve) }
      const cancel = this.#clock.after(timeoutMs, () => {
        const detail = 'The store has not caught up in time'
        end(() => reject(new TinygridError('store_unavailable', { detail })))
      })
      const end = (settle: () => void) => {
        cancel()
        this.#barriers.delete(barrier)
        settle()
      }
      this.#barriers.add(barrier)
    })
  }

  /** Nobody can tell here when the partition's marks are reached. */
  forget(partition: PartitionId): void {
    for (const { marks } of this.#barriers) marks.delete(partition)
    this.reach()
  }

  /** Lets go those whose marks are reached. */
  reach(): void {
    for (const { marks, resolve } of this.#barriers) {
      for (const [partition, position] of marks) {
        if (this.#checkpointOf(partition) >= position) marks.delete(partition)
      }
      if (marks.size === 0) resolve()
    }
  }
}

/**
 * The partitions whose mailbox is to be looked into, and how many appends may be under way.
 *
 * Used by the host. A mailbox is looked into when all input of an event-loop turn is in: group commit.
 * Where a log is asked for each append by itself, what an append costs is shared by the writes in it;
 * so only some may be under way, and the partitions that wait for their turn gather more writes
 * meanwhile. With less to do than that, nothing waits. The partition that has waited longest is next.
 *
 * Rejected: a pause before each batch, which costs the lone write what it gains the many.
 */
import type { PartitionId } from '../../links/ids.ts'

export interface DuePartitionsOptions {
  /** Whether another append may begin. */
  readonly hasRoom: () => boolean
  /** Runs an action when all input of this event-loop turn is in. */
  readonly defer: (action: () => void) => void
  /** Looks into the mailbox. */
  readonly begin: (partition: PartitionId) => void
}

export class DuePartitions {
  readonly #options: DuePartitionsOptions
  /** Invariant: in the order in which they became due. */
  readonly #due = new Set<PartitionId>()
  #isPlanned = false

  constructor(options: DuePartitionsOptions) {
    this.#options = options
  }

  add(partition: PartitionId): void {
    this.#due.add(partition)
    this.plan()
  }

  /** At once, unless others wait: one whose last batch has ended, and which has gathered since. */
  addEnded(partition: PartitionId): void {
    const { hasRoom, begin } = this.#options
    if (this.#due.size === 0 && hasRoom()) begin(partition)
    else this.add(partition)
  }

  /** There may be room again. */
  plan(): void {
    if (this.#isPlanned || this.#due.size === 0) return
    this.#isPlanned = true
    this.#options.defer(() => this.#run())
  }

  #run(): void {
    this.#isPlanned = false
    const { hasRoom, begin } = this.#options
    for (const partition of this.#due) {
      if (!hasRoom()) return
      this.#due.delete(partition)
      begin(partition)
    }
  }
}

/**
 * The opener: opens partitions from the log for as long as the table wants this node to.
 *
 * Used by ownership. In: the partitions that the table wants here now. Out: each of them as soon as it
 * is open, and a question what is wanted now after every end. Partitions that are wanted at the same
 * moment are opened together, and none waits for another's end. What fails is tried again after a
 * pause that is its own, and in the same epoch if it can be; what another owner has taken only after
 * a look at the newest table: the copy here may be older than what the other one went by, and the
 * two would take the partition from each other. A node that is cut off opens nothing.
 */
import type { Clock } from '../../links/clock.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { OwnershipControl } from './ownership-control.ts'
import { EpochRecords } from './epoch-records.ts'
import { recover, type OpenedMemory, type RecoveryOptions } from './recovery.ts'

export interface PartitionOpenerOptions extends Omit<
  RecoveryOptions,
  'partitions' | 'epochs' | 'leavesOperations' | 'onOpen' | 'onProgress'
> {
  readonly clock: Clock
  readonly control: OwnershipControl
  /** Takes an opened partition in; false: nobody wants it any more. */
  readonly onOpened: (opened: OpenedMemory) => boolean
  /** An opening has ended: what is wanted now? */
  readonly onDone: () => void
  readonly onError: (what: string, error: unknown) => void
}

/** Before another attempt. */
const RETRY_PAUSE_MS = 200

export class PartitionOpener {
  readonly #options: PartitionOpenerOptions
  readonly #opening = new Set<PartitionId>()
  /** Not to be opened before somebody has looked at the table again. */
  readonly #waiting = new Set<PartitionId>()
  /** Rises when this node is declared dead: what began before comes to nothing. */
  #life = 0
  #epochs = new EpochRecords()

  constructor(options: PartitionOpenerOptions) {
    this.#options = options
  }

  has(partition: PartitionId): boolean {
    return this.#opening.has(partition)
  }

  /** Opens these, but for those that have to wait. */
  open(partitions: readonly PartitionId[]): void {
    const ready = partitions.filter((p) => !this.#opening.has(p) && !this.#waiting.has(p))
    if (ready.length === 0) return
    if (this.#options.control.isFenced()) return this.#rest(ready)
    for (const partition of ready) this.#opening.add(partition)
    void this.#run(ready, this.#life)
  }

  /** Another owner has opened the partition in the log: whose it is, the newest table says. */
  async reconsider(partition: PartitionId): Promise<void> {
    const life = this.#life
    this.#waiting.add(partition)
    await this.#options.control.refresh().catch(() => {})
    if (life === this.#life) this.#rest([partition])
  }

  /** Gives everything up that is under way. */
  reset(): void {
    this.#life++
    // What is under way may use one of the old ones yet.
    this.#epochs = new EpochRecords()
    this.#opening.clear()
    this.#waiting.clear()
  }

  async #run(partitions: readonly PartitionId[], life: number): Promise<void> {
    const { onOpened, onDone, onError } = this.#options
    const left = new Set(partitions)
    const onOpen = (opened: OpenedMemory) => {
      if (life !== this.#life) return false
      left.delete(opened.id)
      this.#opening.delete(opened.id)
      return onOpened(opened)
    }
    try {
      await recover({
        ...this.#options,
        partitions,
        epochs: this.#epochs,
        leavesOperations: true,
        onOpen,
        onProgress: () => {},
      })
    } catch (error) {
      onError('partitions could not be opened', error)
    }
    if (life !== this.#life) return
    for (const partition of left) this.#opening.delete(partition)
    if (left.size > 0) this.#rest([...left])
    onDone()
  }

  /** Does not open these for a moment, then asks what is wanted. */
  #rest(partitions: readonly PartitionId[]): void {
    const life = this.#life
    for (const partition of partitions) this.#waiting.add(partition)
    this.#options.clock.after(RETRY_PAUSE_MS, () => {
      if (life !== this.#life) return
      for (const partition of partitions) this.#waiting.delete(partition)
      this.#options.onDone()
    })
  }
}

/**
 * The opener: opens partitions from the log for as long as the table wants this node to.
 *
 * Used by ownership, which says what is wanted. Partitions that are wanted at the same moment are
 * opened together. What fails is tried again after a pause, what another owner has taken only after
 * a look at the newest table: the copy here may be older than what the other one went by, and the
 * two would take the partition from each other. A node that is cut off opens nothing.
 */
import type { Clock } from '../../links/clock.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { OwnershipControl } from './ownership-control.ts'
import { recover, type OpenedMemory, type RecoveryOptions } from './recovery.ts'

export interface PartitionOpenerOptions extends Omit<
  RecoveryOptions,
  'partitions' | 'leavesOperations' | 'onOpen' | 'onProgress'
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
  #isPaused = false

  constructor(options: PartitionOpenerOptions) {
    this.#options = options
  }

  has(partition: PartitionId): boolean {
    return this.#opening.has(partition)
  }

  /** Opens these, but for those that have to wait; `onDone` is called when it is over. */
  open(partitions: readonly PartitionId[]): void {
    const ready = partitions.filter((p) => !this.#opening.has(p) && !this.#waiting.has(p))
    if (ready.length === 0 || this.#isPaused) return
    if (this.#options.control.isFenced()) return this.#pause()
    for (const partition of ready) this.#opening.add(partition)
    void this.#run(ready, this.#life)
  }

  /** Another owner has opened the partition in the log: whose it is, the newest table says. */
  async reconsider(partition: PartitionId): Promise<void> {
    const { control, onDone, clock } = this.#options
    const life = this.#life
    this.#waiting.add(partition)
    await control.refresh().catch(() => {})
    clock.after(RETRY_PAUSE_MS, () => {
      if (life !== this.#life) return
      this.#waiting.delete(partition)
      onDone()
    })
  }

  /** Gives everything up that is under way. */
  reset(): void {
    this.#life++
    this.#opening.clear()
    this.#waiting.clear()
  }

  async #run(partitions: readonly PartitionId[], life: number): Promise<void> {
    const { onOpened, onDone, onError } = this.#options
    let isComplete = false
    try {
      await recover({
        ...this.#options,
        partitions,
        leavesOperations: true,
        onOpen: (opened) => life === this.#life && onOpened(opened),
        onProgress: () => {},
      })
      isComplete = true
    } catch (error) {
      onError('partitions could not be opened', error)
    }
    if (life !== this.#life) return
    for (const partition of partitions) this.#opening.delete(partition)
    if (!isComplete) this.#pause()
    onDone()
  }

  /** Opens nothing for a moment, then asks what is wanted. */
  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#options.clock.after(RETRY_PAUSE_MS, () => {
      this.#isPaused = false
      this.#options.onDone()
    })
  }
}

/**
 * The load queue: partitions whose links are still to be brought from the store.
 *
 * Partitions that come at the same time are loaded together, many by one query. Used embedded for
 * all of them at the start, and in the cluster whenever some were opened from the log.
 */
import { pause, type Clock } from '../cluster/clock.ts'
import type { PartitionId } from '../cluster/ids.ts'
import type { BackgroundLoad } from './background-load.ts'

/** How long the first one waits for others. */
const GATHER_MS = 20

export class LoadQueue {
  readonly #load: BackgroundLoad
  readonly #clock: Clock
  readonly #onLoaded: (partitions: readonly PartitionId[], ms: number) => void
  #waiting = new Set<PartitionId>()
  #running: Promise<void> | undefined

  constructor(
    load: BackgroundLoad,
    clock: Clock,
    onLoaded: (partitions: readonly PartitionId[], ms: number) => void,
  ) {
    this.#load = load
    this.#clock = clock
    this.#onLoaded = onLoaded
  }

  add(partition: PartitionId): void {
    this.#waiting.add(partition)
    this.#running ??= this.#run()
  }

  /** Resolves when nothing waits to be loaded. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    await pause(this.#clock, GATHER_MS)
    while (this.#waiting.size > 0) {
      const partitions = [...this.#waiting]
      this.#waiting = new Set()
      const began = this.#clock.now()
      await this.#load.run(partitions)
      this.#onLoaded(partitions, this.#clock.now() - began)
    }
    this.#running = undefined
  }
}

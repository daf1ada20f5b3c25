/**
 * The load queue: partitions whose links are still to be brought from the store.
 *
 * Partitions that come at the same time are loaded together, many by one query. Used embedded for
 * all of them at the start, and in the cluster whenever some were opened from the log: there the
 * first one waits long enough for a take-over to end, which must not share the machine with a load.
 */
import { pause, type Clock } from '../../links/clock.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { BackgroundLoad } from './background-load.ts'

export interface LoadQueueOptions {
  readonly load: Pick<BackgroundLoad, 'run'>
  readonly clock: Clock
  /** How long the first one waits for others. */
  readonly gatherMs: number
  readonly onLoaded: (partitions: readonly PartitionId[], ms: number) => void
}

export class LoadQueue {
  readonly #options: LoadQueueOptions
  #waiting = new Set<PartitionId>()
  #running: Promise<void> | undefined

  constructor(options: LoadQueueOptions) {
    this.#options = options
  }

  add(partition: PartitionId): void {
    this.#waiting.add(partition)
    this.#running ??= this.#run()
  }

  get isIdle(): boolean {
    return this.#running === undefined
  }

  /** Resolves when nothing waits to be loaded. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    const { load, clock, gatherMs, onLoaded } = this.#options
    while (this.#waiting.size > 0) {
      await pause(clock, gatherMs)
      const partitions = [...this.#waiting]
      this.#waiting = new Set()
      const began = clock.now()
      await load.run(partitions)
      onLoaded(partitions, clock.now() - began)
    }
    this.#running = undefined
  }
}

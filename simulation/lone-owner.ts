/**
 * The embedded node without its gateway: one owner of all partitions, over log and store.
 *
 * The smallest program that a simulation can run, and the one in which a failure of the actors, of
 * recovery or of the write-behind is easiest to read. Where it crashes, the next one takes over all
 * partitions from the log.
 */
import { BackgroundLoad } from '../actors/ownership/background-load.ts'
import { LinkTable } from '../actors/memory/link-table.ts'
import { MemoryBound } from '../actors/memory/memory-bound.ts'
import { PartitionActor } from '../actors/partition/partition-actor.ts'
import { PartitionHost } from '../actors/partition/partition-host.ts'
import { PartitionMemory } from '../actors/memory/partition-memory.ts'
import { EpochRecords } from '../actors/ownership/epoch-records.ts'
import { recover } from '../actors/ownership/recovery.ts'
import type { PartitionId } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { WriteBehind } from '../persistence/write-behind/write-behind.ts'
import type { Program, Seams } from './simulated-node.ts'

const LIMITS = { mailboxDepthMax: 1_000, batchRecordsMax: 100, batchBytesMax: 100_000 }
const STOP_TIMEOUT_MS = 5_000
const START_PAUSE_MS = 100

export class LoneOwner implements Program {
  readonly #seams: Seams
  readonly #ring: Ring
  readonly #bound: MemoryBound
  readonly #writeBehind: WriteBehind
  readonly links: PartitionHost
  #batches = 0

  constructor(seams: Seams) {
    this.#seams = seams
    this.#ring = new Ring(seams.partitions)
    this.#bound = new MemoryBound(seams.memoryBytesMax, seams.partitions)
    const [ring, bound] = [this.#ring, this.#bound]
    this.links = new PartitionHost({ ...seams, ring, bound, now: seams.wallClock })
    this.#writeBehind = new WriteBehind({
      ...seams,
      source: this.links,
      dirtyBytesMax: () => seams.dirtyBytesMax,
    })
    this.links.connect(this.#writeBehind)
  }

  unrest(): string | undefined {
    const { dirtyLinks } = this.#writeBehind.status()
    return dirtyLinks === 0 ? undefined : `${dirtyLinks} dirty links`
  }

  isServing(partition: PartitionId): boolean {
    return this.links.isServing(partition)
  }

  /** Tries until log and store let it. */
  async start(): Promise<void> {
    const { wallClock, nodeId } = this.#seams
    const epochs = new EpochRecords()
    const open = new Set(this.#ring.all())
    while (open.size > 0) {
      await recover({
        ...this.#seams,
        partitions: [...open],
        epochs,
        sink: this.#writeBehind,
        newMemory: () => new PartitionMemory(new LinkTable()),
        now: wallClock,
        leavesOperations: true,
        onOpen: (partition) => {
          const nextBatchId = () => `${nodeId}.${this.#batches++}`
          const actor = new PartitionActor({ ...partition, nextBatchId, limits: LIMITS })
          this.links.adopt(partition.id, actor as never)
          this.links.serve(partition.id)
          open.delete(partition.id)
          return true
        },
        onProgress: () => {},
      }).catch(() => this.#pause(START_PAUSE_MS))
    }
    void this.#load()
  }

  async leave(): Promise<void> {
    await this.links.stop()
    await this.#writeBehind.close(STOP_TIMEOUT_MS)
  }

  async #load(): Promise<void> {
    const partial = [...this.links.actors].filter(([, { memory }]) => !memory.isComplete)
    await new BackgroundLoad({
      ...this.#seams,
      ring: this.#ring,
      bound: this.#bound,
      memoryOf: (partition) => this.links.actors.get(partition)?.memory,
      isSettled: () => false,
      pause: (ms) => this.#pause(ms),
      onError: (error) => this.#seams.onError('links could not be loaded', error),
      signal: new AbortController().signal,
    }).run(partial.map(([partition]) => partition))
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#seams.clock.after(ms, resolve))
  }
}

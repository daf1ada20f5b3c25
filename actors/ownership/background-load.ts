/**
 * The background load: brings what the store has into memory while the node already serves.
 *
 * Runs after partitions were opened from the log, a group of them per store query, a batch per
 * time, in turns with all other long work. Until a partition is loaded its links come by
 * read-through. Stops early when memory is nearly full (the partitions left stay incomplete) and
 * tries again, after a pause, when the store fails. A damaged version is
 * told and passed over; its partition stays incomplete. Removes the tombstones that it meets, if they
 * are old enough that no flush of an older version can be alive.
 */
import { TinygridError } from '../../links/errors.ts'
import { isWholeVersion, type LinkVersion } from '../../links/link-record.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import type { Ring } from '../../links/ring.ts'
import { CODE_LENGTH_MAX, type PartitionId } from '../../links/ids.ts'
import type { LinkStore } from '../../persistence/store/link-store.ts'
import type { MemoryBound } from '../memory/memory-bound.ts'
import { isTombstone, type PartitionMemory } from '../memory/partition-memory.ts'

export interface BackgroundLoadOptions {
  readonly ring: Ring
  readonly store: LinkStore
  readonly bound: MemoryBound
  /** undefined: the partition is not here any more. */
  readonly memoryOf: (partition: PartitionId) => PartitionMemory | undefined
  /** Partitions per store query. */
  readonly groupSize: number
  /** Whether every owner that could still flush an older version of the link is gone. */
  readonly isSettled: (tombstone: LinkVersion) => boolean
  readonly work: LongWork
  /** Waits before the store is asked again; ends early when the node stops. */
  readonly pause: (ms: number) => Promise<void>
  readonly onError: (error: unknown) => void
  readonly signal: AbortSignal
}

/** Share of the memory bound above which nothing more is loaded: the rest is for new links. */
const FILL_SHARE_MAX = 0.9
const RETRY_PAUSE_MS = 1000

export class BackgroundLoad {
  readonly #options: BackgroundLoadOptions

  constructor(options: BackgroundLoadOptions) {
    this.#options = options
  }

  /** Loads the partitions; resolves when done, when memory is full, or when stopped. */
  async run(partitions: readonly PartitionId[]): Promise<void> {
    const { groupSize } = this.#options
    for (let start = 0; start < partitions.length && this.#mayGoOn(); start += groupSize) {
      await this.#loadUntilDone(partitions.slice(start, start + groupSize))
    }
  }

  #mayGoOn(): boolean {
    const { bound, signal } = this.#options
    return !signal.aborted && bound.bytes < bound.bytesMax * FILL_SHARE_MAX
  }

  async #loadUntilDone(group: readonly PartitionId[]): Promise<void> {
    while (this.#mayGoOn()) {
      try {
        return await this.#load(group)
      } catch (error) {
        if (this.#options.signal.aborted) return
        this.#options.onError(error)
        await this.#options.pause(RETRY_PAUSE_MS)
      }
    }
  }

  async #load(group: readonly PartitionId[]): Promise<void> {
    const memories = new Map<PartitionId, PartitionMemory>()
    for (const id of group) {
      const memory = this.#options.memoryOf(id)
      if (memory === undefined || memory.isComplete) continue
      memory.startLoad()
      memories.set(id, memory)
    }
    if (memories.size === 0) return
    try {
      for await (const versions of this.#options.store.load([...memories.keys()])) {
        if (!this.#mayGoOn()) return
        const tombstones = await this.#options.work.run(this.#take(versions, memories), 'upkeep')
        if (tombstones.length > 0) await this.#options.store.removeTombstones(tombstones)
      }
      for (const memory of memories.values()) memory.endLoad()
    } finally {
      for (const memory of memories.values()) memory.abandonLoad()
    }
  }

  /** A damaged version: its partition does not know all its links, and asks the store for this one. */
  #passOver(
    { code }: LinkVersion,
    memory: PartitionMemory | undefined,
    all: Iterable<PartitionMemory>,
  ): void {
    // Its code may be damaged too: then it can be any of them that lacks a link.
    for (const one of memory === undefined ? all : [memory]) one.abandonLoad()
    const detail = `The stored version of ${String(code).slice(0, CODE_LENGTH_MAX)} is damaged`
    this.#options.onError(new TinygridError('store_damaged', { detail }))
  }

  /** Returns the tombstones that can go. */
  *#take(
    versions: readonly LinkVersion[],
    memories: ReadonlyMap<PartitionId, PartitionMemory>,
  ): Steps<LinkVersion[]> {
    const { ring, bound, memoryOf, isSettled } = this.#options
    const tombstones: LinkVersion[] = []
    for (const version of versions) {
      yield
      const partition = ring.partitionOf(version.code)
      const memory = memories.get(partition)
      if (memory === undefined || !isWholeVersion(version)) {
        this.#passOver(version, memory, memories.values())
        continue
      }
      memory.load(version)
      if (memoryOf(partition) === memory) bound.note(partition, memory.bytes)
      if (isTombstone(version) && isSettled(version)) tombstones.push(version)
    }
    return tombstones
  }
}

/**
 * The background load: brings what the store has into memory while the node already serves.
 *
 * Runs after partitions were opened from the log, a few of them per store query, a batch per time, in
 * turns with all other long work. Until a partition is loaded its links come by read-through. A store
 * that fails is asked again after a pause, for the partitions that were under way: those that are done
 * stay done. A damaged version is told and passed over; its partition stays incomplete. Removes the
 * tombstones that it meets, if they are old enough that no flush of an older version can be alive.
 *
 * When memory is nearly full, partitions under way give back what they have, the last first, so that as
 * many as fit become complete. Of those that do not, and of all that come later, the codes alone are
 * read: they answer for what was never given, and their links come by read-through.
 */
import { TinygridError } from '../../links/errors.ts'
import { isWholeVersion, type LinkVersion } from '../../links/link-record.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import type { Ring } from '../../links/ring.ts'
import { FULL_CODE_LENGTH_MAX } from '../../links/full-code.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { LinkStore } from '../../persistence/store/link-store.ts'
import type { MemoryBound } from '../memory/memory-bound.ts'
import { isTombstone, type PartitionMemory } from '../memory/partition-memory.ts'

export interface BackgroundLoadOptions {
  readonly ring: Ring
  readonly store: LinkStore
  readonly bound: MemoryBound
  /** undefined: the partition is not here any more. */
  readonly memoryOf: (partition: PartitionId) => PartitionMemory | undefined
  /** Whether every owner that could still flush an older version of the link is gone. */
  readonly isSettled: (tombstone: LinkVersion) => boolean
  readonly work: LongWork
  /** Waits before the store is asked again; ends early when the node stops. */
  readonly pause: (ms: number) => Promise<void>
  readonly onError: (error: unknown) => void
  readonly signal: AbortSignal
}

/** Share of the memory bound above which no further links are loaded: the rest is for new ones. */
const FILL_SHARE_MAX = 0.9
const RETRY_PAUSE_MS = 1000
/** Bytes evicted in one step, of partitions whose links turned out not to fit. */
const GIVE_BACK_BYTES = 64 * 1024

/** The partitions of one query. */
interface Group {
  readonly memories: ReadonlyMap<PartitionId, PartitionMemory>
  /** Those whose links are loaded, so far. */
  readonly fitting: PartitionId[]
}

export class BackgroundLoad {
  readonly #options: BackgroundLoadOptions
  /** The most codes that a partition was found to have: all have about as many. */
  #codesMax = 0

  constructor(options: BackgroundLoadOptions) {
    this.#options = options
  }

  /** Loads the partitions; resolves when done, as far as they fit, or when stopped. */
  async run(partitions: readonly PartitionId[]): Promise<void> {
    const left = partitions.toSorted((a, b) => a - b)
    while (left.length > 0 && !this.#options.signal.aborted) {
      try {
        const group = left.slice(0, await this.#options.store.partitionsPerLoad())
        await this.#load(group)
        left.splice(0, group.length)
      } catch (error) {
        if (this.#options.signal.aborted) return
        this.#options.onError(error)
        await this.#options.pause(RETRY_PAUSE_MS)
      }
    }
  }

  get #isFull(): boolean {
    const { bound } = this.#options
    return bound.bytes >= bound.bytesMax * FILL_SHARE_MAX
  }

  async #load(group: readonly PartitionId[]): Promise<void> {
    const { store, work, signal } = this.#options
    const memories = this.#begin(group)
    if (memories.size === 0) return
    const fitting = [...memories.keys()].filter((id) => memories.get(id)!.isLoadingLinks)
    try {
      for await (const versions of store.load([...memories.keys()])) {
        if (signal.aborted) return
        const tombstones = await work.run(this.#take(versions, { memories, fitting }), 'upkeep')
        if (tombstones.length > 0) await store.removeTombstones(tombstones)
      }
      await work.run(this.#end(memories), 'upkeep')
    } finally {
      for (const memory of memories.values()) memory.abandonLoad()
    }
  }

  /** Those of the group that lack something that there is room for. */
  #begin(group: readonly PartitionId[]): Map<PartitionId, PartitionMemory> {
    const memories = new Map<PartitionId, PartitionMemory>()
    for (const id of group) {
      const memory = this.#options.memoryOf(id)
      const lacks = this.#isFull ? 'codes' : 'links'
      if (memory === undefined || memory.isComplete) continue
      if (lacks === 'codes' && memory.codes !== undefined) continue
      memory.startLoad({ of: lacks, codes: this.#codesMax })
      memories.set(id, memory)
    }
    return memories
  }

  *#end(memories: ReadonlyMap<PartitionId, PartitionMemory>): Steps<void> {
    for (const [partition, memory] of memories) {
      while (!memory.stepLoad()) yield
      memory.endLoad()
      this.#note(partition, memory)
      this.#codesMax = Math.max(this.#codesMax, memory.codes ?? 0)
    }
  }

  #note(partition: PartitionId, memory: PartitionMemory): void {
    const { bound, memoryOf } = this.#options
    if (memoryOf(partition) === memory) bound.note(partition, memory.bytes)
  }

  /** Until there is room, or only codes are loaded: partitions give back the links that they have. */
  *#giveBack({ memories, fitting }: Group): Steps<void> {
    while (this.#isFull && fitting.length > 0) {
      const partition = fitting.pop()!
      const memory = memories.get(partition)!
      memory.narrowLoad()
      // Its codes are in the census then, so that none has to be told as it is evicted.
      while (!memory.stepLoad()) yield
      while (this.#isFull && memory.hasClean) {
        memory.evict(GIVE_BACK_BYTES)
        this.#note(partition, memory)
        yield
      }
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
    const detail = `The stored version of ${String(code).slice(0, FULL_CODE_LENGTH_MAX)} is damaged`
    this.#options.onError(new TinygridError('store_damaged', { detail }))
  }

  /** Returns the tombstones that can go. */
  *#take(versions: readonly LinkVersion[], group: Group): Steps<LinkVersion[]> {
    const { memories } = group
    const { ring, isSettled } = this.#options
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
      this.#note(partition, memory)
      if (this.#isFull) yield* this.#giveBack(group)
      if (isTombstone(version) && isSettled(version)) tombstones.push(version)
    }
    return tombstones
  }
}

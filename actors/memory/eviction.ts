/**
 * Eviction: keeps the link tables of a host within the memory bound, from as few partitions as it can.
 *
 * Used by the host after each change. A little at a time, and no longer than a request would notice.
 * Who gives, in this order:
 *
 *   1. partitions that are incomplete already, in turn, down to the share that each keeps: so what is
 *      asked for often stays there too;
 *   2. one complete partition, which is prepared for it step by step: it stops being complete;
 *   3. where there is none, whoever has anything clean, in turn.
 *
 * Within a partition SIEVE chooses. Rejected: to evict from all alike, after which no partition is
 * complete, and each answers only what the store is there for.
 */
import type { PartitionId } from '../../links/ids.ts'
import type { MemoryBound } from './memory-bound.ts'
import type { PartitionMemory } from './partition-memory.ts'

/** Evicted from one partition before the next one's turn. */
const STEP_BYTES = 64 * 1024
/** Turns after one change: each frees far more than a change adds, or prepares some hundred links. */
const TURNS_MAX = 16
/** Partitions looked at for one turn. */
const LOOKS_MAX = 256

export interface EvictionOptions {
  readonly bound: MemoryBound
  readonly partitions: number
  /** undefined: the partition is not here. */
  readonly memoryOf: (partition: PartitionId) => PartitionMemory | undefined
}

export class Eviction {
  readonly #options: EvictionOptions
  /** The partition that had the last turn. */
  #hand = 0
  /** The complete partition that is being prepared, if it still is. */
  #opening: PartitionId | undefined

  constructor(options: EvictionOptions) {
    this.#options = options
  }

  /** Evicts if there is too much. Returns how many links. */
  relieve(): number {
    const { bound } = this.#options
    let evicted = 0
    for (let turns = 0; turns < TURNS_MAX && bound.excess > 0; turns++) {
      const partition = this.#victim()
      if (partition === undefined) break
      evicted += this.#evictFrom(partition)
    }
    return evicted
  }

  #evictFrom(partition: PartitionId): number {
    const { bound, memoryOf } = this.#options
    const memory = memoryOf(partition)!
    const isReady = memory.prepareEviction()
    this.#opening = isReady ? undefined : partition
    const links = isReady ? memory.evict(Math.min(bound.excess, STEP_BYTES)).links : 0
    bound.note(partition, memory.bytes)
    return links
  }

  #victim(): PartitionId | undefined {
    return (
      this.#next((memory) => !memory.isComplete && !memory.isLoading && memory.hasSpare) ??
      this.#opened() ??
      this.#next((memory) => memory.isComplete && memory.hasClean) ??
      this.#next((memory) => memory.hasClean)
    )
  }

  #opened(): PartitionId | undefined {
    const opening = this.#opening
    if (opening === undefined) return undefined
    return this.#options.memoryOf(opening)?.isComplete === true ? opening : undefined
  }

  /** The next partition in turn of which this is true. */
  #next(isIt: (memory: PartitionMemory) => boolean): PartitionId | undefined {
    const { partitions, memoryOf } = this.#options
    for (let looks = Math.min(LOOKS_MAX, partitions); looks > 0; looks--) {
      this.#hand = (this.#hand + 1) % partitions
      const memory = memoryOf(this.#hand as PartitionId)
      if (memory !== undefined && isIt(memory)) return this.#hand as PartitionId
    }
    return undefined
  }
}

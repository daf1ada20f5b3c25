/**
 * How much memory the link tables of this node take, and how much they may.
 *
 * Used by the host: it notes the size of a partition after each change and asks what is too much.
 * Pure; `eviction.ts` does the evicting. The bound is soft: dirty links cannot be evicted, and the tables
 * are sampled after a change, so it may be passed by one batch.
 */
import assert from 'node:assert/strict'
import type { PartitionId } from '../../links/ids.ts'

export class MemoryBound {
  readonly bytesMax: number
  /** Invariant: #total is the sum of #bytesOf. */
  readonly #bytesOf: Float64Array
  #total = 0

  constructor(bytesMax: number, partitions: number) {
    assert(bytesMax > 0)
    this.bytesMax = bytesMax
    this.#bytesOf = new Float64Array(partitions)
  }

  get bytes(): number {
    return this.#total
  }

  /** Bytes to free; 0 or less while there is room. */
  get excess(): number {
    return this.#total - this.bytesMax
  }

  note(partition: PartitionId, bytes: number): void {
    this.#total += bytes - this.#bytesOf[partition]!
    this.#bytesOf[partition] = bytes
  }
}

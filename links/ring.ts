/**
 * The hash ring: which partition a hash belongs to.
 *
 * The 32-bit ring is cut into P contiguous ranges of equal length, P a power of two fixed when the
 * cluster is created. Partition p holds the hashes from p * 2^32 / P up to the next partition's
 * first. Nothing is looked up and no code carries a shard digit.
 */
import assert from 'node:assert/strict'
import { hashCode } from './hash.ts'
import type { Code, PartitionId } from './ids.ts'

export const PARTITIONS_MIN = 16
export const PARTITIONS_MAX = 4096
const HASH_BITS = 32

export class Ring {
  readonly partitions: number
  /** Invariant: partitions === 2 ** (HASH_BITS - #shift). */
  readonly #shift: number

  /** @param partitions a power of two from PARTITIONS_MIN to PARTITIONS_MAX */
  constructor(partitions: number) {
    assert(isPartitionCount(partitions), `not a number of partitions: ${partitions}`)
    this.partitions = partitions
    this.#shift = HASH_BITS - Math.log2(partitions)
  }

  partitionOf(code: Code): PartitionId {
    return this.partitionOfHash(hashCode(code))
  }

  partitionOfHash(hash: number): PartitionId {
    return (hash >>> this.#shift) as PartitionId
  }

  /** The hashes of a partition: from `first` to `last`, both inclusive. */
  rangeOf(partition: PartitionId): { first: number; last: number } {
    const size = 2 ** this.#shift
    return { first: partition * size, last: partition * size + size - 1 }
  }

  /** Every partition, in ring order. */
  all(): PartitionId[] {
    return Array.from({ length: this.partitions }, (_, index) => index as PartitionId)
  }
}

export function isPartitionCount(count: number): boolean {
  const isPowerOfTwo = Number.isInteger(count) && (count & (count - 1)) === 0
  return isPowerOfTwo && count >= PARTITIONS_MIN && count <= PARTITIONS_MAX
}

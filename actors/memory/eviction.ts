/**
 * Eviction: keeps the link tables of a host within the memory bound.
 *
 * Used by the host after each change. Takes from all partitions in turn, a little at a time, and no
 * longer than a request would notice.
 */
import type { PartitionId } from '../../links/ids.ts'
import type { MemoryBound } from './memory-bound.ts'
import type { PartitionMemory } from './partition-memory.ts'

/** Evicted from one partition before the next one's turn. */
const STEP_BYTES = 64 * 1024
/** Partitions that have their turn after one change: each frees far more than a change adds. */
const TURNS_MAX = 16

/** Evicts if there is too much. Returns how many links. */
export function relieve(
  bound: MemoryBound,
  memoryOf: (partition: PartitionId) => PartitionMemory | undefined,
): number {
  let evicted = 0
  for (let turns = 0; turns < TURNS_MAX && bound.excess > 0; turns++) {
    const partition = bound.nextVictim()
    const memory = memoryOf(partition)
    if (memory === undefined) continue
    evicted += memory.evict(Math.min(bound.excess, STEP_BYTES)).links
    bound.note(partition, memory.bytes)
  }
  return evicted
}

/**
 * What a node tells of itself, gathered from its parts: the answer behind /metrics and /health.
 */
import type { MemoryBound } from '../actors/memory/memory-bound.ts'
import type { PartitionHost } from '../actors/partition/partition-host.ts'
import type { EpochMs, NodeId } from '../links/ids.ts'
import type { NodeStatus } from '../links/link-owner.ts'
import type { WriteBehind } from '../persistence/write-behind/write-behind.ts'

export interface NodeParts {
  readonly nodeId: NodeId
  readonly startedAt: EpochMs
  readonly host: PartitionHost
  readonly bound: MemoryBound
  readonly writeBehind: WriteBehind
}

/** The status now. Walks over the partitions: some microseconds. */
export function nodeStatusOf({
  nodeId,
  startedAt,
  host,
  bound,
  writeBehind,
}: NodeParts): NodeStatus {
  const actors = [...host.actors.values()]
  const sum = (valueOf: (actor: (typeof actors)[number]) => number) =>
    actors.reduce((total, actor) => total + valueOf(actor), 0)
  const { logAppends, logErrors, storeErrors, readThroughs, evictions } = host.counters
  const { decisionErrors } = host.counters
  const behind = writeBehind.status()
  return {
    nodeId,
    startedAt,
    ready: actors.length > 0,
    partitionsOwned: actors.length,
    partitionsComplete: sum((actor) => Number(actor.memory.isComplete)),
    partitionsKnown: sum((actor) => Number(actor.memory.codes !== undefined)),
    linksInMemory: sum((actor) => actor.memory.size),
    memoryBytes: bound.bytes,
    memoryBytesMax: bound.bytesMax,
    evictions,
    readThroughs,
    mailboxDepth: sum((actor) => actor.depth),
    ...behind,
    logAppends,
    logErrors: logErrors + behind.logErrors,
    storeErrors: storeErrors + behind.storeErrors,
    decisionErrors,
  }
}

/**
 * Placement: what this node knows of who owns each partition, at this moment.
 *
 * Asked by the router for each request that is not answered here. It is the newest table this node
 * has seen, and beyond it what the node knows better: where it has handed a partition itself, or
 * what another node has told it (`not_owner` carries the owner). Embedded it never changes.
 */
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'

export interface Placement {
  /** owner: null while nobody owns the partition. */
  ownerOf(partition: PartitionId): PlacedOwner
  /** A node said so; kept while its epoch is above the table's. */
  learn(partition: PartitionId, owner: NodeId, epoch: Epoch): void
  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void
}

export interface PlacedOwner {
  readonly owner: NodeId | null
  readonly epoch: Epoch
}

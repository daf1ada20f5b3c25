/**
 * What ownership needs of its surroundings: the node's membership, and its write-behind.
 */
import type { PartitionId } from '../../links/ids.ts'
import type { OpenedPartition, ReleasedPartition } from '../../cluster/membership/lease.ts'
import type { Table } from '../../cluster/table/table.ts'
import type { ReplaySink } from './recovery.ts'

/** What ownership needs of this node's membership. */
export interface OwnershipControl {
  readonly table: Table
  onTable(listener: (table: Table) => void): () => void
  isFenced(): boolean
  /** Reads the newest table. @throws TinygridError key_value_unavailable */
  refresh(): Promise<void>
  onDeclaredDead(listener: () => void): () => void
  report(opened: readonly OpenedPartition[], released: readonly ReleasedPartition[]): void
}

/** What ownership needs of the write-behind. */
export interface OwnershipSink extends ReplaySink {
  forget(partition: PartitionId): void
}

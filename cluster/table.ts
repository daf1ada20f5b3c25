/**
 * The table: which node owns each partition, and since which epoch.
 *
 * An immutable value. The controller makes the next one, everybody else reads the newest it has
 * seen. Embedded, all partitions are owned by the one node and the table never changes while the
 * process runs. Invariant: it names an owner for every partition of the ring exactly once.
 */
import assert from 'node:assert/strict'
import type { Epoch, NodeId, PartitionId } from './ids.ts'

export interface Ownership {
  readonly owner: NodeId
  readonly epoch: Epoch
}

export class Table {
  readonly #rows: readonly Ownership[]

  constructor(rows: readonly Ownership[]) {
    this.#rows = rows
  }

  /** A table in which one node owns every partition in the same epoch. */
  static ofOneNode(owner: NodeId, partitions: number, epoch: Epoch): Table {
    return new Table(Array.from({ length: partitions }, () => ({ owner, epoch })))
  }

  ownershipOf(partition: PartitionId): Ownership {
    const row = this.#rows[partition]
    assert(row !== undefined, `partition ${partition} is not in the table`)
    return row
  }
}

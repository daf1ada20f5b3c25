/**
 * Placement in a cluster: the newest table this node has seen, and hints that are newer than it.
 *
 * A node that has released a partition, or refuses one it does not own, may know the new owner
 * before the table is seen here. A hint counts while its epoch is above the table's, so it can only
 * be ahead, never behind. One that turns out wrong costs a call that is refused with a better one;
 * a hint whose node dies before the table reaches its epoch ends with that node's lease.
 */
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import type { PlacedOwner, Placement } from './placement.ts'
import type { Table } from './table.ts'

/** What it needs of Membership. */
export interface TableSource {
  readonly table: Table
  readonly leases: ReadonlyMap<NodeId, NodeLease>
  onTable(listener: (table: Table) => void): () => void
}

export class TablePlacement implements Placement {
  readonly #source: TableSource
  readonly #listeners = new Set<() => void>()
  /** Invariant: each epoch is above that of the row in the newest table. */
  readonly #hints = new Map<PartitionId, { readonly owner: NodeId; readonly epoch: Epoch }>()

  constructor(source: TableSource) {
    this.#source = source
    source.onTable((table) => this.#caughtUp(table))
  }

  ownerOf(partition: PartitionId): PlacedOwner {
    const hint = this.#hints.get(partition)
    if (hint !== undefined && this.#source.leases.has(hint.owner)) return hint
    return this.#source.table.ownershipOf(partition)
  }

  learn(partition: PartitionId, owner: NodeId, epoch: Epoch): void {
    const known = this.#hints.get(partition) ?? this.#source.table.ownershipOf(partition)
    if (epoch <= known.epoch) return
    this.#hints.set(partition, { owner, epoch })
    this.#changed()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #caughtUp(table: Table): void {
    for (const [partition, { epoch }] of this.#hints) {
      if (epoch <= table.ownershipOf(partition).epoch) this.#hints.delete(partition)
    }
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

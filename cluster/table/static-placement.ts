/**
 * A placement that never changes: for one node that owns everything, and for tests.
 */
import type { PartitionId } from '../../links/ids.ts'
import type { PlacedOwner, Placement } from './placement.ts'
import type { Table } from './table.ts'

export class StaticPlacement implements Placement {
  readonly #table: Table

  constructor(table: Table) {
    this.#table = table
  }

  ownerOf(partition: PartitionId): PlacedOwner {
    return this.#table.ownershipOf(partition)
  }

  learn(): void {}

  onChange(): () => void {
    return () => undefined
  }
}

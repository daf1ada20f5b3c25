/**
 * The table: which node owns each partition, since which epoch, and where it is to move.
 *
 * An immutable value. The controller alone makes the next one and everybody else reads the newest
 * it has seen. Embedded, all partitions are owned by the one node and the table never changes while
 * the process runs. Invariant: it has one row per partition of the ring, so nothing is owned twice.
 *
 * How it is stored as text says `table-text.ts`.
 */
import assert from 'node:assert/strict'
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'

export interface Ownership {
  /** null: its owner died, and nobody has opened the partition since. */
  readonly owner: NodeId | null
  /** Of the owner; of the last one if there is none. Never falls. */
  readonly epoch: Epoch
  /** Who is to open it next: by hand-off from the owner, or from the log where there is none. */
  readonly target: NodeId | null
}

/** Plain data: the nodes by name, and per partition their places in that list, -1: nobody. */
export interface TableData {
  readonly version: number
  readonly nodes: readonly NodeId[]
  readonly rows: readonly (readonly [owner: number, epoch: Epoch, target: number])[]
}

export class Table {
  readonly #rows: readonly Ownership[]
  /** Rises by one with each change. */
  readonly version: number

  constructor(rows: readonly Ownership[], version = 0) {
    this.#rows = rows
    this.version = version
  }

  /** A table in which one node owns every partition in the same epoch. */
  static ofOneNode(owner: NodeId, partitions: number, epoch: Epoch): Table {
    return new Table(Array.from({ length: partitions }, () => ({ owner, epoch, target: null })))
  }

  /** The table of a new cluster: nobody owns anything. */
  static empty(partitions: number): Table {
    const row = { owner: null, epoch: 0 as Epoch, target: null }
    return new Table(Array.from({ length: partitions }, () => row))
  }

  get partitions(): number {
    return this.#rows.length
  }

  /** In order of partitions. */
  get rows(): readonly Ownership[] {
    return this.#rows
  }

  ownershipOf(partition: PartitionId): Ownership {
    const row = this.#rows[partition]
    assert(row !== undefined, `partition ${partition} is not in the table`)
    return row
  }

  /** The next table, with these rows changed. */
  with(changes: ReadonlyMap<PartitionId, Ownership>): Table {
    const rows = [...this.#rows]
    for (const [partition, row] of changes) {
      assert(row.epoch >= this.ownershipOf(partition).epoch, 'an epoch never falls')
      rows[partition] = row
    }
    return new Table(rows, this.version + 1)
  }

  /** The partitions of a node, in ring order. */
  ownedBy(node: NodeId): PartitionId[] {
    return [...this.#rows.keys()].filter((p) => this.#rows[p]!.owner === node) as PartitionId[]
  }

  toData(): TableData {
    const named = this.#rows.flatMap(({ owner, target }) => [owner, target])
    const nodes = [...new Set(named.filter((node) => node !== null))].sort()
    const place = new Map(nodes.map((node, index) => [node, index] as const))
    const rows = this.#rows.map(({ owner, epoch, target }) => {
      return [placeOf(place, owner), epoch, placeOf(place, target)] as const
    })
    return { version: this.version, nodes, rows }
  }
}

function placeOf(place: ReadonlyMap<NodeId, number>, node: NodeId | null): number {
  return node === null ? -1 : place.get(node)!
}

/**
 * Moves of partitions, as one observer of the table sees them: under way, and lately done.
 *
 * Used by `ClusterObserver`, fed with each table that this node sees. Pure: the times are the
 * observer's. A table that overtook others shows only the outcome, so a move may end unseen or
 * without a beginning; what is under way is always what the newest table says.
 */
import type { EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import type { Ownership, Table } from '../table/table.ts'

export interface SeenMove {
  readonly partition: PartitionId
  /** null: nobody owns the partition. */
  readonly from: NodeId | null
  readonly to: NodeId
  readonly since: EpochMs
}

export interface SeenEnd {
  readonly partition: PartitionId
  readonly from: NodeId | null
  readonly to: NodeId
  readonly since: EpochMs | null
  readonly endedAt: EpochMs
}

/** Moves that are over and kept; beyond it the oldest is forgotten. */
export const MOVES_KEPT_MAX = 256

export class MoveHistory {
  #table: Table
  readonly #underWay = new Map<PartitionId, SeenMove>()
  readonly #done: SeenEnd[] = []
  /** Partitions that nobody owned and somebody owns again, since the first table. */
  takeOvers = 0

  constructor(table: Table, now: EpochMs) {
    this.#table = table
    for (const [index, row] of table.rows.entries()) this.#plan(index as PartitionId, row, now)
  }

  observe(table: Table, now: EpochMs): void {
    const before = this.#table
    this.#table = table
    for (const [index, row] of table.rows.entries()) {
      const partition = index as PartitionId
      const previous = before.ownershipOf(partition)
      if (row.owner !== null && row.owner !== previous.owner) this.#end(partition, previous, now)
      this.#plan(partition, row, now)
    }
  }

  /** In order of partitions. */
  get underWay(): readonly SeenMove[] {
    return [...this.#underWay.values()].sort((one, other) => one.partition - other.partition)
  }

  /** The newest first. */
  get done(): readonly SeenEnd[] {
    return this.#done
  }

  #plan(partition: PartitionId, { owner, target }: Ownership, now: EpochMs): void {
    const known = this.#underWay.get(partition)
    if (known !== undefined && known.to === target && known.from === owner) return
    this.#underWay.delete(partition)
    if (target === null) return
    this.#underWay.set(partition, { partition, from: owner, to: target, since: now })
  }

  #end(partition: PartitionId, { owner: from }: Ownership, now: EpochMs): void {
    const to = this.#table.ownershipOf(partition).owner!
    if (from === null) this.takeOvers++
    const planned = this.#underWay.get(partition)
    const since = planned?.to === to ? planned.since : null
    this.#done.unshift({ partition, from, to, since, endedAt: now })
    if (this.#done.length > MOVES_KEPT_MAX) this.#done.length = MOVES_KEPT_MAX
  }
}

/**
 * A stand-in for what serves partitions, for tests of who owns what: it keeps the rules, no links.
 *
 * One per node. What it shares with the other nodes is the log: per partition the newest epoch and
 * the number of acknowledged writes. `step` takes one step of a hand-off or a take-over, so that a
 * test can put anything between two steps. An owner whose log was opened by another one opens it
 * anew, in a higher epoch. It acknowledges writes only in the epoch that the table shows.
 */
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { ReleasedPartition } from '../membership/lease.ts'
import type { Ownership, Table } from '../table/table.ts'

export interface SimpleLog {
  epoch: number
  /** Acknowledged ones. */
  writes: number
}

interface Opening {
  readonly partition: PartitionId
  readonly epoch: Epoch
  /** How many of the acknowledged writes this node knows. */
  writes: number
}

type FindPeer = (node: NodeId) => SimpleOwnership | undefined

export class SimpleOwnership {
  readonly nodeId: NodeId
  readonly #log: readonly SimpleLog[]
  #table: Table | undefined
  readonly #held = new Map<PartitionId, Opening>()
  readonly #opened = new Map<PartitionId, Opening>()
  readonly #released = new Map<PartitionId, ReleasedPartition>()

  constructor(nodeId: NodeId, log: readonly SimpleLog[]) {
    this.nodeId = nodeId
    this.#log = log
  }

  static log(partitions: number): SimpleLog[] {
    return Array.from({ length: partitions }, () => ({ epoch: 0, writes: 0 }))
  }

  get opened(): { partition: PartitionId; epoch: Epoch }[] {
    return Array.from(this.#opened.values(), ({ partition, epoch }) => ({ partition, epoch }))
  }

  get released(): readonly ReleasedPartition[] {
    return [...this.#released.values()]
  }

  /** Serves what it has opened and the table has confirmed; forgets what is overtaken. */
  see(table: Table): void {
    this.#table = table
    for (const [index, row] of table.rows.entries()) this.#seeRow(index as PartitionId, row)
  }

  /** Declared dead. */
  drop(): void {
    this.#held.clear()
    this.#opened.clear()
    this.#released.clear()
  }

  /** Whether it answers for the partition, if its node is not fenced. */
  serves(partition: PartitionId): boolean {
    return this.#held.has(partition) && !this.#released.has(partition)
  }

  /** Whether it knows each write that was acknowledged. */
  knowsAll(partition: PartitionId): boolean {
    return this.#held.get(partition)?.writes === this.#log[partition]!.writes
  }

  /** Acknowledges a write, if it can. */
  write(partition: PartitionId): void {
    const held = this.#held.get(partition)
    const log = this.#log[partition]!
    if (held === undefined || !this.serves(partition) || log.epoch !== held.epoch) return
    log.writes += 1
    held.writes = log.writes
  }

  /**
   * The next step for a partition; returns whether there was one.
   * @param peer if it is within reach
   * @param mayOpen not while its node is fenced
   */
  step(partition: PartitionId, peer: FindPeer, mayOpen: boolean): boolean {
    const row = this.#table?.ownershipOf(partition)
    if (row === undefined || this.#released.has(partition)) return false
    if (row.owner === this.nodeId) {
      const target = row.target === null ? undefined : peer(row.target)
      return this.#handOn(partition, target) || (mayOpen && this.#openAnew(partition))
    }
    const isToTakeOver = row.owner === null && row.target === this.nodeId
    return mayOpen && isToTakeOver && this.#openAnew(partition)
  }

  #seeRow(partition: PartitionId, row: Ownership): void {
    const opened = this.#opened.get(partition)
    const isConfirmed = row.owner === this.nodeId && row.epoch === opened?.epoch
    const held = isConfirmed ? opened : this.#held.get(partition)
    const isCurrent = row.owner === this.nodeId && row.epoch === held?.epoch
    if (held !== undefined && isCurrent) this.#held.set(partition, held)
    else this.#held.delete(partition)
    if (opened !== undefined && opened.epoch <= row.epoch) this.#opened.delete(partition)
    const released = this.#released.get(partition)
    if (released !== undefined && released.epoch <= row.epoch) this.#released.delete(partition)
  }

  #handOn(partition: PartitionId, target: SimpleOwnership | undefined): boolean {
    const held = this.#held.get(partition)
    const { epoch } = this.#log[partition]!
    if (held === undefined || target === undefined) return false
    if (target.#opened.get(partition)?.epoch === epoch) {
      this.#released.set(partition, { partition, to: target.nodeId, epoch: epoch as Epoch })
      return true
    }
    if (held.epoch !== epoch) return false
    target.#open(partition)
    return true
  }

  #openAnew(partition: PartitionId): boolean {
    const { epoch } = this.#log[partition]!
    const mine = this.#opened.get(partition) ?? this.#held.get(partition)
    if (mine?.epoch === epoch) return false
    this.#open(partition)
    return true
  }

  /** Appends an epoch record, after which it knows all that was written before. */
  #open(partition: PartitionId): void {
    const log = this.#log[partition]!
    log.epoch += 1
    const epoch = log.epoch as Epoch
    this.#opened.set(partition, { partition, epoch, writes: log.writes })
  }
}

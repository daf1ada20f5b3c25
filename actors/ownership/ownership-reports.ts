/**
 * What this node has to tell the controller: partitions it has opened and released.
 *
 * Used by ownership. A report stays until the table shows it, because the lease that carries it may
 * be overtaken by the next one before the controller has looked. When the table shows what was
 * released, its writes wait no longer: that is told with how long they did.
 */
import type { Clock } from '../../links/clock.ts'
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { OpenedPartition, ReleasedPartition } from '../../cluster/membership/lease.ts'
import type { Table } from '../../cluster/table/table.ts'

export interface OwnershipReportsOptions {
  readonly nodeId: NodeId
  readonly clock: Clock
  readonly send: (
    opened: readonly OpenedPartition[],
    released: readonly ReleasedPartition[],
  ) => void
  /** The table shows what was released. */
  readonly onMoved?: (partition: PartitionId, to: NodeId, waitMs: number) => void
}

export class OwnershipReports {
  readonly #options: OwnershipReportsOptions
  readonly #opened = new Map<PartitionId, Epoch>()
  /** Each with the time since when its writes wait. */
  readonly #released = new Map<PartitionId, { report: ReleasedPartition; sealedAt: number }>()

  constructor(options: OwnershipReportsOptions) {
    this.#options = options
  }

  hasOpened(partition: PartitionId): boolean {
    return this.#opened.has(partition)
  }

  hasReleased(partition: PartitionId): boolean {
    return this.#released.has(partition)
  }

  /** Told with the next `send`, or with the next `settle` that changes something. */
  addOpened(partition: PartitionId, epoch: Epoch): void {
    this.#opened.set(partition, epoch)
  }

  /** @param sealedAt since when the partition's writes wait, by the clock */
  addReleased(released: Omit<ReleasedPartition, 'waitMs'>, sealedAt: number): void {
    const waitMs = Math.round(this.#options.clock.now() - sealedAt)
    this.#released.set(released.partition, { report: { ...released, waitMs }, sealedAt })
  }

  /** The partition is not here any more. */
  dropOpened(partition: PartitionId): void {
    this.#opened.delete(partition)
  }

  /** Drops what the table shows. */
  settle(table: Table): void {
    const { nodeId, clock, onMoved } = this.#options
    const before = this.#opened.size + this.#released.size
    for (const [partition, epoch] of this.#opened) {
      const row = table.ownershipOf(partition)
      if (row.owner === nodeId && row.epoch >= epoch) this.#opened.delete(partition)
    }
    for (const [partition, { report, sealedAt }] of this.#released) {
      const row = table.ownershipOf(partition)
      if (row.owner === nodeId && row.epoch < report.epoch) continue
      this.#released.delete(partition)
      onMoved?.(partition, report.to, clock.now() - sealedAt)
    }
    if (this.#opened.size + this.#released.size < before) this.send()
  }

  send(): void {
    const opened = Array.from(this.#opened, ([partition, epoch]) => ({ partition, epoch }))
    const released = Array.from(this.#released.values(), ({ report }) => report)
    this.#options.send(opened, released)
  }

  clear(): void {
    this.#opened.clear()
    this.#released.clear()
  }
}

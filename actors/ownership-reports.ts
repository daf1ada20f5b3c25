/**
 * What this node has to tell the controller: partitions it has opened and released.
 *
 * Used by ownership. A report stays until the table shows it, because the lease that carries it may
 * be overtaken by the next one before the controller has looked.
 */
import type { Epoch, NodeId, PartitionId } from '../cluster/ids.ts'
import type { OpenedPartition, ReleasedPartition } from '../cluster/lease.ts'
import type { Table } from '../cluster/table.ts'

type Send = (opened: readonly OpenedPartition[], released: readonly ReleasedPartition[]) => void

export class OwnershipReports {
  readonly #nodeId: NodeId
  readonly #send: Send
  readonly #opened = new Map<PartitionId, Epoch>()
  readonly #released = new Map<PartitionId, ReleasedPartition>()

  constructor(nodeId: NodeId, send: Send) {
    this.#nodeId = nodeId
    this.#send = send
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

  addReleased(released: ReleasedPartition): void {
    this.#released.set(released.partition, released)
  }

  /** The partition is not here any more. */
  dropOpened(partition: PartitionId): void {
    this.#opened.delete(partition)
  }

  /** Drops what the table shows. */
  settle(table: Table): void {
    const before = this.#opened.size + this.#released.size
    for (const [partition, epoch] of this.#opened) {
      const row = table.ownershipOf(partition)
      if (row.owner === this.#nodeId && row.epoch >= epoch) this.#opened.delete(partition)
    }
    for (const [partition, { epoch }] of this.#released) {
      const row = table.ownershipOf(partition)
      if (row.owner !== this.#nodeId || row.epoch >= epoch) this.#released.delete(partition)
    }
    if (this.#opened.size + this.#released.size < before) this.send()
  }

  send(): void {
    const opened = Array.from(this.#opened, ([partition, epoch]) => ({ partition, epoch }))
    this.#send(opened, [...this.#released.values()])
  }

  clear(): void {
    this.#opened.clear()
    this.#released.clear()
  }
}

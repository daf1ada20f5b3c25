/**
 * The partitions that this node has lately handed over, and how long their writes waited.
 *
 * Told by Ownership as it happens; read by the observer and the metrics.
 */
import type { HandedOver } from './cluster-status.ts'
import type { EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import { MOVES_KEPT_MAX } from './move-history.ts'

export class HandOvers {
  readonly #recent: HandedOver[] = []
  readonly #now: () => EpochMs
  /** Since the process started. */
  count = 0
  /** Of all of them. */
  waitMs = 0

  constructor(now: () => EpochMs) {
    this.#now = now
  }

  note(partition: PartitionId, to: NodeId, waitMs: number): void {
    this.count++
    this.waitMs += waitMs
    this.#recent.push({ partition, to, waitMs: Math.round(waitMs), at: this.#now() })
    if (this.#recent.length > MOVES_KEPT_MAX) this.#recent.shift()
  }

  /** The newest last; at most MOVES_KEPT_MAX. */
  get recent(): readonly HandedOver[] {
    return [...this.#recent]
  }
}

/**
 * Which partitions are being handed off, and whether another one may begin.
 *
 * Used by ownership. A node is brought one partition at a time by each source: while a partition is
 * sealed, its writes would wait for the links of all that move beside it. Then it rests for as long
 * as the partition took, so that moves take half of the machines at most and requests find the rest.
 * Rejected: several at once, which fill the processors, and one after the other all wait for the
 * slowest; a whole join is hardly faster by it.
 *
 * It does not know what becomes of a move, and a move that failed has no part in it any more: its
 * partition may wait for another attempt while the target is brought the next one.
 */
import type { Clock } from '../cluster/clock.ts'
import type { NodeId, PartitionId } from '../cluster/ids.ts'

/** Longest rest after a partition that has moved. */
const REST_MAX_MS = 50
/** Rest after one that has not: a target that refuses all is not asked all the time. */
const REST_FAILED_MS = 50

export interface Turn {
  readonly to: NodeId
  readonly since: number
}

export class HandOffTurns {
  readonly #clock: Clock
  readonly #onRested: () => void
  /** Being handed off, or waiting for another attempt. */
  readonly #moving = new Set<PartitionId>()
  /** By target: the partition that it is brought, or rests from. */
  readonly #turns = new Map<NodeId, Turn>()

  /** @param onRested another partition may begin */
  constructor(clock: Clock, onRested: () => void) {
    this.#clock = clock
    this.#onRested = onRested
  }

  get moving(): ReadonlySet<PartitionId> {
    return this.#moving
  }

  /** The partition is to be handed off now, until `rest` and `end`. undefined: later. */
  begin(partition: PartitionId, to: NodeId): Turn | undefined {
    if (this.#moving.has(partition) || this.#turns.has(to)) return undefined
    const turn = { to, since: this.#clock.now() }
    this.#moving.add(partition)
    this.#turns.set(to, turn)
    return turn
  }

  /** The target is sent nothing more of this partition. */
  rest(turn: Turn, hasMoved: boolean): void {
    const tookMs = this.#clock.now() - turn.since
    const restMs = hasMoved ? Math.min(REST_MAX_MS, tookMs) : REST_FAILED_MS
    this.#clock.after(restMs, () => {
      //   1. all is forgotten    2. another partition begins to move to the same target
      //   3. the rest from the one before ends, and must not end the turn of this one
      if (this.#turns.get(turn.to) !== turn) return
      this.#turns.delete(turn.to)
      this.#onRested()
    })
  }

  /** The partition is not handed off any more, and does not wait to be. */
  end(partition: PartitionId): void {
    this.#moving.delete(partition)
  }

  /** What is under way comes to nothing. */
  clear(): void {
    this.#moving.clear()
    this.#turns.clear()
  }
}

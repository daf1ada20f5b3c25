/**
 * Which partitions are being handed off, and whether another one may begin.
 *
 * Used by ownership. A node is brought one partition at a time by each source: while a partition is
 * sealed, its writes would wait for the links of all that move beside it. Then it rests for as long
 * as the partition took, so that moves take half of the machines at most and requests find the rest.
 * Rejected: several at once, which fill the processors, and one after the other all wait for the
 * slowest; a whole join is hardly faster by it. Only a node that stops has no time for that: what it
 * does not hand off in time has to be opened from the log, which costs its writes more.
 *
 * It does not know what becomes of a move, and a move that failed has no part in it any more: its
 * partition may wait for another attempt while the target is brought the next one.
 */
import type { Clock } from '../../links/clock.ts'
import type { NodeId, PartitionId } from '../../links/ids.ts'

/** Longest rest after a partition that has moved. */
const REST_MAX_MS = 50
/** Rest after one that has not: a target that refuses all is not asked all the time. */
const REST_FAILED_MS = 50
/** How many a node that stops brings to each target at a time. */
const HURRIED_MAX = 4

export interface Turn {
  readonly to: NodeId
  readonly since: number
}

export class HandOffTurns {
  readonly #clock: Clock
  readonly #onRested: () => void
  /** Being handed off, or waiting for another attempt. */
  readonly #moving = new Set<PartitionId>()
  /** By target: the partitions that it is brought, or rests from. */
  readonly #turns = new Map<NodeId, Set<Turn>>()
  #isHurried = false

  /** @param onRested another partition may begin */
  constructor(clock: Clock, onRested: () => void) {
    this.#clock = clock
    this.#onRested = onRested
  }

  get moving(): ReadonlySet<PartitionId> {
    return this.#moving
  }

  /** This node stops: from now on targets are brought several at a time, and do not rest. */
  hurry(): void {
    this.#isHurried = true
  }

  /** The partition is to be handed off now, until `rest` and `end`. undefined: later. */
  begin(partition: PartitionId, to: NodeId): Turn | undefined {
    const turns = this.#turns.get(to) ?? new Set()
    const turnsMax = this.#isHurried ? HURRIED_MAX : 1
    if (this.#moving.has(partition) || turns.size >= turnsMax) return undefined
    const turn = { to, since: this.#clock.now() }
    this.#moving.add(partition)
    this.#turns.set(to, turns.add(turn))
    return turn
  }

  /** The target is sent nothing more of this partition. */
  rest(turn: Turn, hasMoved: boolean): void {
    const tookMs = this.#clock.now() - turn.since
    const restMovedMs = this.#isHurried ? 0 : Math.min(REST_MAX_MS, tookMs)
    const restMs = hasMoved ? restMovedMs : REST_FAILED_MS
    this.#clock.after(restMs, () => {
      //   1. all is forgotten    2. another partition begins to move to the same target
      //   3. the rest from the one before ends, and must not end the turn of this one
      if (this.#turns.get(turn.to)?.delete(turn) === true) this.#onRested()
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

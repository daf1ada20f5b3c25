/**
 * The plan: who should own each partition, given who may.
 *
 * Used by the controller alone. Pure and deterministic: the same table and nodes give the same
 * plan on every machine. Guarantees: every node that may own gets the floor or the ceiling of P / N
 * partitions; from a table at rest no plan that is as balanced moves fewer; a plan carried out is
 * its own next plan. A join therefore moves partitions to the joiner only, a leave from the leaver
 * only. Moves under way go on unless they no longer fit, and those are given up before anything
 * that rests is moved, because a partition that has not moved yet costs nothing to leave.
 *
 * It does not weigh partitions: their ranges of the ring are equal, so are their loads. Rejected:
 * consistent hashing and rendezvous hashing, which move as few but miss the balance by a fifth.
 */
import assert from 'node:assert/strict'
import type { NodeId } from '../../links/ids.ts'
import type { Ownership } from './table.ts'

/**
 * The next owner of each row, in order; all null if nobody may own.
 *
 * @param nodes who may own; in any order, each once
 */
export function planOwners(
  rows: readonly Ownership[],
  nodes: Iterable<NodeId>,
): readonly (NodeId | null)[] {
  const names = [...nodes].sort()
  if (names.length === 0) return rows.map(() => null)
  const plan = new Plan(rows, names)
  plan.giveUpBeyondQuota()
  plan.returnToOwners()
  plan.giveToWhoHasRoom()
  return plan.next
}

class Plan {
  /** Who is to own the partition as things stand; null: to be given. */
  readonly next: (NodeId | null)[]
  readonly #rows: readonly Ownership[]
  /** Invariant: the values sum up to the number of rows, and differ by at most one. */
  readonly #quotas: ReadonlyMap<NodeId, number>
  /** Invariant: how often each node is in `next`. */
  readonly #counts: Map<NodeId, number>

  constructor(rows: readonly Ownership[], names: readonly NodeId[]) {
    this.#rows = rows
    const may = new Set(names)
    const mayOwn = (node: NodeId | null): boolean => node !== null && may.has(node)
    this.next = rows.map(({ owner, target }) => {
      if (mayOwn(target)) return target
      return mayOwn(owner) ? owner : null
    })
    this.#counts = new Map(names.map((name) => [name, 0]))
    for (const node of this.next) if (node !== null) this.#count(node, 1)
    this.#quotas = quotasOf(rows.length, names, this.#counts)
  }

  giveUpBeyondQuota(): void {
    for (const row of this.#leastWantedFirst()) {
      const node = this.next[row]
      if (node === null || node === undefined || this.#roomOf(node) >= 0) continue
      this.#count(node, -1)
      this.next[row] = null
    }
  }

  /** A move that no longer fits is best left undone. */
  returnToOwners(): void {
    for (const [row, { owner }] of this.#rows.entries()) {
      if (owner !== null && this.next[row] === null && this.#roomOf(owner) > 0) {
        this.#give(row, owner)
      }
    }
  }

  giveToWhoHasRoom(): void {
    const open = [...this.#quotas.keys()].filter((node) => this.#roomOf(node) > 0)
    for (const [row, node] of this.next.entries()) {
      if (node !== null) continue
      const taker = open[0]
      assert(taker !== undefined, 'the quotas sum up to the number of partitions')
      this.#give(row, taker)
      // One each in turn: neighbours on the ring go to different nodes, which then load at once.
      open.shift()
      if (this.#roomOf(taker) > 0) open.push(taker)
    }
  }

  /** Moves under way before what rests, from the end of the ring. */
  #leastWantedFirst(): number[] {
    const order = [...this.#rows.keys()].toReversed()
    const moving = order.filter((row) => this.next[row] !== this.#rows[row]!.owner)
    const resting = order.filter((row) => this.next[row] === this.#rows[row]!.owner)
    return [...moving, ...resting]
  }

  #give(row: number, node: NodeId): void {
    this.next[row] = node
    this.#count(node, 1)
  }

  #count(node: NodeId, change: number): void {
    this.#counts.set(node, this.#counts.get(node)! + change)
  }

  /** Negative: it has too many. 0 for a node that may not own. */
  #roomOf(node: NodeId): number {
    return (this.#quotas.get(node) ?? 0) - (this.#counts.get(node) ?? 0)
  }
}

/** Whoever has the most keeps the odd ones: then the fewest move. */
function quotasOf(
  rows: number,
  names: readonly NodeId[],
  counts: ReadonlyMap<NodeId, number>,
): ReadonlyMap<NodeId, number> {
  const floor = Math.floor(rows / names.length)
  const odd = rows % names.length
  const byCount = [...names].sort((a, b) => counts.get(b)! - counts.get(a)!)
  return new Map(byCount.map((name, index) => [name, index < odd ? floor + 1 : floor]))
}

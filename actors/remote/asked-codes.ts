/**
 * Which codes other nodes may keep in their near caches: those that they have asked for of late.
 *
 * Used by the owner service, which notes what it is asked, and by the broadcast of changes, which tells
 * of no others. A gateway keeps an answer for NEAR_AGE_MAX_MS from when it asked, and that is before
 * this node hears of it; so a code that nobody has asked for in twice that time is in no near cache.
 *
 *   1. A gateway asks A for a link     2. A hands the partition off to B
 *   3. the link changes at B, which was not asked: the gateway would keep what A said
 *
 * Hence of a partition that the table has just given to this node every code may have been asked for.
 *
 * Bounded: a time for each of SLOTS hashes. Codes that share one count as asked together, which costs a
 * message and is never wrong. Rejected: a map of codes, which grows with what is looked up.
 */
import { hashCode } from '../../links/hash.ts'
import type { Clock } from '../../links/clock.ts'
import type { Code, Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import { NEAR_AGE_MAX_MS } from '../../cluster/peers/owner-protocol.ts'
import type { Table } from '../../cluster/table/table.ts'

const SLOTS = 2 ** 16
/** Clocks of two nodes run equally fast, within much less than this allows. */
const ASKED_KEPT_MS = 2 * NEAR_AGE_MAX_MS

interface Tenure {
  readonly epoch: Epoch
  /** By the clock. */
  readonly since: number
}

export class AskedCodes {
  readonly #nodeId: NodeId
  readonly #clock: Clock
  /** When a code with such a hash was asked for last. */
  readonly #askedAt = new Float64Array(SLOTS).fill(-Infinity)
  /** Of the partitions that the table gives to this node. */
  readonly #tenures = new Map<PartitionId, Tenure>()

  constructor(nodeId: NodeId, clock: Clock) {
    this.#nodeId = nodeId
    this.#clock = clock
  }

  /** Another node asks for the code. @param at by the clock, which many codes of a call share */
  note(code: Code, at: number): void {
    this.#askedAt[slotOf(code)] = at
  }

  /** The newest table. */
  see(table: Table): void {
    for (const [index, { owner, epoch }] of table.rows.entries()) {
      const partition = index as PartitionId
      if (owner !== this.#nodeId) this.#tenures.delete(partition)
      else if (this.#tenures.get(partition)?.epoch !== epoch) {
        this.#tenures.set(partition, { epoch, since: this.#clock.now() })
      }
    }
  }

  /** Whether what was said of the code before may be in a near cache. */
  mayBeNear(partition: PartitionId, code: Code): boolean {
    const tenure = this.#tenures.get(partition)
    if (tenure === undefined) return true
    const asked = Math.max(tenure.since, this.#askedAt[slotOf(code)]!)
    return this.#clock.now() - asked <= ASKED_KEPT_MS
  }
}

function slotOf(code: Code): number {
  return hashCode(code) % SLOTS
}

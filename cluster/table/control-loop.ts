/**
 * What the controller does: stands for election, declares deaths, changes the table.
 *
 * Every node runs one, within its Membership; it acts while it holds the controller's key. Woken by
 * whatever changes and by a slow tick; one step at a time, one write in flight, and what failed is
 * decided anew in the next step from what is known then.
 *
 * Two controllers at once do no harm, so the election need not be exact:
 * 1. C1 decides on the table at revision r, then freezes.
 * 2. C2 takes the key over, and writes a table on revision r.
 * 3. C1 thaws and writes its table on revision r: a conflict. It decides anew, from the newer table,
 *    or learns that the key is gone.
 * So every table follows from the one before it. Only the leases it is decided from may be older
 * than the table, and of those one thing must not be outdated: that an owner has no lease.
 * 1. C1 saw lease A deleted; its watch is slow from then on.
 * 2. A, having dropped everything, took a new lease, and C2 made it owner again: {A, e2}, at r.
 * 3. C1 sees the table at r, but not A's new lease. It would take the row from an owner that serves.
 * Hence the absence of an owner's lease is read again after the table at r was seen; if the table is
 * still at r when it is changed, that owner has served nothing since.
 *
 * Something else in the place of the table (`NewestTable.refused`) is replaced by the last good one,
 * by compare-and-set on what is there: by the controller at once, by anybody who knows a good table
 * when the controller has not done it (it may have started later, and know none). Where nobody does,
 * the cluster begins with an empty one: the log keeps the epochs, so nothing is lost by that.
 */
import type { Clock } from '../../links/clock.ts'
import { nextTable } from './controller.ts'
import { hasCode } from '../../links/errors.ts'
import type { LeasedKey } from '../membership/leased-key.ts'
import type { NodeId } from '../../links/ids.ts'
import type { KeyValue } from '../membership/key-value.ts'
import { LEASE_DEAD_MS, leaseKey, type NodeLease } from '../membership/lease.ts'
import type { Members } from '../membership/members.ts'
import type { RollKeeper } from '../membership/roll-keeper.ts'
import { TABLE_KEY } from './newest-table.ts'
import type { NewestTable } from './newest-table.ts'
import type { Table } from './table.ts'
import { isPacked, PACKED_FORMAT, textOfTable } from './table-text.ts'

type Leases = ReadonlyMap<NodeId, NodeLease>

/** How late an expired lease may be noticed. */
const TICK_MS = 50
/**
 * What changes of the table may take of NATS: each is sent to every node. In a cluster of a few nodes
 * they follow each other as they come; of 100 nodes and 4,096 partitions some 30 ms apart.
 */
const TABLE_BYTES_PER_MS_MAX = 20_000
/** Writes of a partition that moves wait for the change. */
const TABLE_SPACING_MS_MAX = 100
/** How long something else than a table is left to the controller, and to who knows a good one. */
const MEND_AFTER_MS = { knowing: LEASE_DEAD_MS, unknowing: 2 * LEASE_DEAD_MS }

export interface ControlLoopOptions {
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly nodeId: NodeId
  readonly members: Members
  readonly tables: NewestTable
  /** The controller's key, if this node has it. */
  readonly seat: LeasedKey
  readonly roll: RollKeeper
  /** Whether this node has observed without a gap; if not, it must call nobody dead. */
  readonly mayJudge: () => boolean
  /** Whether it watches all leases: who does not is no controller. */
  readonly seesLeases: () => boolean
  /** `leases`: from which the change was decided. */
  readonly onChanged: (before: Table, after: Table, leases: Leases) => void
  readonly onError: (error: unknown) => void
}

export class ControlLoop {
  readonly #options: ControlLoopOptions
  #isRunning = false
  #isWanted = false
  #isStopped = false
  /** No change of the table before. */
  #notBefore = 0
  #cancelTick: () => void = () => {}
  /** From what was last decided that the table says everything. */
  #settled: { readonly table: Table; readonly changes: number } | undefined

  constructor(options: ControlLoopOptions) {
    this.#options = options
  }

  start(): void {
    this.#tick()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelTick()
  }

  /** Something has changed: decides soon. */
  wake(): void {
    this.#isWanted = true
    if (!this.#isRunning) void this.#run()
  }

  #tick(): void {
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => this.#tick())
    this.wake()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false
      try {
        await this.#step()
      } catch (error) {
        // Perhaps it happened nevertheless; the watch tells. Otherwise the next tick tries again.
        if (!hasCode(error, 'key_value_conflict')) this.#options.onError(error)
        else await this.#lookAtTable()
      }
    }
    this.#isRunning = false
  }

  async #step(): Promise<void> {
    const { seat, tables } = this.#options
    await this.#standForElection()
    await this.#mendTable()
    if (!seat.isHeld) return
    await this.#declareDeaths()
    await this.#options.roll.keep()
    if (tables.refused === undefined) await this.#changeTable()
  }

  /** After a conflict: what is there may be older than what is known here, which no watch tells. */
  async #lookAtTable(): Promise<void> {
    const { keyValue, tables, clock, onError } = this.#options
    const known = tables.revision
    try {
      tables.observeRead(await keyValue.get(TABLE_KEY), known, clock.now())
    } catch (error) {
      onError(error)
    }
  }

  async #mendTable(): Promise<void> {
    const { seat, tables, members, clock, keyValue, mayJudge } = this.#options
    const { refused } = tables
    if (refused === undefined || refused.isNewer || !mayJudge()) return
    const knows = tables.revision > 0
    if (!knows && !seat.isHeld) return
    const patience = knows ? (seat.isHeld ? 0 : MEND_AFTER_MS.knowing) : MEND_AFTER_MS.unknowing
    if (clock.now() - refused.since < patience) return
    const mended = tables.mended()
    const text = textOfTable(mended, doAllUnpack(members.leases))
    const written =
      refused.revision === undefined
        ? await keyValue.create(TABLE_KEY, text)
        : await keyValue.update(TABLE_KEY, text, refused.revision)
    tables.see(mended, written, isPacked(text))
  }

  async #standForElection(): Promise<void> {
    const { seat, members, nodeId, clock, mayJudge, seesLeases } = this.#options
    if (seat.isHeld || !mayJudge() || !seesLeases()) return
    // An own key that is not known to be held: an answer was lost, and taking it finds that out.
    const isVacant = members.isControllerVacant || members.controller === nodeId
    const expired = members.controllerExpiredAt(clock.now())
    // It may name this node and be that of an earlier process.
    if (expired !== undefined) await seat.take(expired.revision)
    else if (isVacant) await seat.take()
  }

  async #declareDeaths(): Promise<void> {
    const { members, nodeId, clock, keyValue, mayJudge, onError } = this.#options
    if (!mayJudge()) return
    const expired = members.expiredAt(clock.now()).filter((lease) => lease.nodeId !== nodeId)
    await Promise.all(
      expired.map(async ({ nodeId: dead, revision }) => {
        try {
          await keyValue.delete(leaseKey(dead), revision)
        } catch (error) {
          // A conflict: it has renewed its lease just now, and lives.
          if (!hasCode(error, 'key_value_conflict')) onError(error)
        }
      }),
    )
  }

  async #changeTable(): Promise<void> {
    const { tables, members, keyValue, clock, seat, onChanged } = this.#options
    const { table, revision } = tables
    const { changes } = members
    // Leases are renewed all the time, and say the same as a rule.
    if (this.#settled?.table === table && this.#settled.changes === changes) return
    if (clock.now() < this.#notBefore) return
    const leases = new Map(members.leases)
    const mayPack = doAllUnpack(leases)
    // An older program has joined, and cannot read what is there.
    const isToUnpack = tables.isPacked && !mayPack
    const same = isToUnpack ? table.with(new Map()) : revision === 0 ? table : undefined
    const next = nextTable(table, leases) ?? same
    this.#settled = next === undefined ? { table, changes } : undefined
    if (next === undefined || !(await this.#areGone(ownersWithoutLease(table, members)))) return
    if (!seat.isHeld || this.#isStopped) return
    const text = textOfTable(next, mayPack)
    const written =
      revision === 0
        ? await keyValue.create(TABLE_KEY, text)
        : await keyValue.update(TABLE_KEY, text, revision)
    tables.see(next, written, isPacked(text))
    this.#wait((text.length * leases.size) / TABLE_BYTES_PER_MS_MAX)
    onChanged(table, next, leases)
  }

  /** What is reported meanwhile goes into one change, which all nodes are sent. */
  #wait(ms: number): void {
    if (ms < 1) return
    const { clock } = this.#options
    const waitMs = Math.min(ms, TABLE_SPACING_MS_MAX)
    this.#notBefore = clock.now() + waitMs
    clock.after(waitMs, () => this.wake())
  }

  /** If not, the watch will tell of their new leases. */
  async #areGone(nodes: readonly NodeId[]): Promise<boolean> {
    const { keyValue } = this.#options
    const leases = await Promise.all(nodes.map((node) => keyValue.get(leaseKey(node))))
    return leases.every((lease) => lease === undefined)
  }
}

function doAllUnpack(leases: Leases): boolean {
  return [...leases.values()].every(({ reads = 1 }) => reads >= PACKED_FORMAT)
}

function ownersWithoutLease(table: Table, { leases }: Members): NodeId[] {
  const owners = new Set(table.rows.map(({ owner }) => owner))
  return [...owners].filter((owner) => owner !== null && !leases.has(owner)) as NodeId[]
}

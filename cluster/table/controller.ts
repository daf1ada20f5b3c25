/**
 * The controller's decisions: from the table and all leases there are to the next table.
 *
 * Used by whoever holds the controller's key. Pure: no time, no order of arrival; the same table
 * and leases give the same answer, so a decision that was lost is made again, and one that was
 * made already changes nothing. Whatever has been reported since is put into one next table.
 *
 * Guarantees: an epoch never falls; an owner that has a lease loses a row only by its own report
 * that it has released it, so it has stopped answering before anybody else is made owner. It relies
 * on what the nodes promise: a node whose lease was deleted has dropped everything before it takes
 * a new one; a partition is opened in the log in an epoch above all before; **no write is
 * acknowledged in an epoch that the table does not show**. By the last one, every acknowledged
 * write lies below any epoch that is reported as opened above the row's, whoever reports it and
 * however late the report is read.
 *
 * Interleavings that the order of the three rules defends:
 *
 * The target dies after the hand-off.
 * 1. A hands p to B, which opens it in e'; A stops answering and reports `released to B in e'`.
 * 2. B dies, and its lease is deleted.
 * 3. The controller reads both at once. A does not answer for p any more, so A must not stay its
 *    owner: the report counts although B is dead, and then B's death: `{null, e', X}`.
 *
 * The target dies before the hand-off is complete.
 * 1. B opens p in e' and dies; A has not released it.
 * 2. A, refused by the log or told of the death, opens p in e'' above e' and reports it.
 * 3. Nothing was released, so the row is A's still: `{A, e'', target of the plan}`.
 *
 * The source dies after the hand-off, its report unread.
 * 1. A reports `released to B in e'` and dies; the deletion of its lease overtakes the report.
 * 2. The row becomes `{null, e, B}`, and B's own report that it has opened e' makes it the owner.
 *
 * A report is read late.
 * 1. The row has come to a higher epoch, by whatever way.
 * 2. A report of a lower or the same epoch is passed over.
 */
import type { NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease, OpenedPartition, ReleasedPartition } from '../membership/lease.ts'
import { planOwners } from './plan.ts'
import type { Ownership, Table } from './table.ts'

type Leases = ReadonlyMap<NodeId, NodeLease>

/** The next table, or undefined if this one says everything. @param leases all there are */
export function nextTable(table: Table, leases: Leases): Table | undefined {
  const rows = [...table.rows]
  for (const [nodeId, lease] of leases) applyReleased(rows, nodeId, lease.released)
  // Whoever is not there cannot be an owner, and only then may another node's report count.
  for (const [partition, row] of rows.entries()) rows[partition] = withoutTheDead(row, leases)
  for (const [nodeId, lease] of leases) applyOpened(rows, nodeId, lease.opened)
  const owners = ownersAmong(leases)
  const plan = planOwners(rows, owners)
  const changes = new Map<PartitionId, Ownership>()
  for (const [index, row] of rows.entries()) {
    const planned = isBeingOpened(row, owners) ? row.target : plan[index]!
    const next = { ...row, target: planned === row.owner ? null : planned }
    if (!isSameRow(next, table.rows[index]!)) changes.set(index as PartitionId, next)
  }
  return changes.size === 0 ? undefined : table.with(changes)
}

/** The nodes that may be given partitions: rather those that were drained than nobody. */
export function ownersAmong(leases: Leases): NodeId[] {
  const able = [...leases.values()].filter(({ roles }) => roles.includes('actors'))
  const active = able.filter(({ state }) => state === 'active')
  const owners = active.length > 0 ? active : able.filter(({ isDrained }) => isDrained === true)
  return owners.map(({ nodeId }) => nodeId)
}

/**
 * Whether somebody is opening the partition from the log, or is about to.
 *
 *   1. A is to open p    2. B joins, and the plan would have B open p
 *   3. both open it: the log shuts out who was first, though it was made the owner
 *
 * So A opens it, and hands it off then if B should have it.
 */
function isBeingOpened({ owner, target }: Ownership, owners: readonly NodeId[]): boolean {
  return owner === null && target !== null && owners.includes(target)
}

function applyReleased(
  rows: Ownership[],
  releaser: NodeId,
  released: readonly ReleasedPartition[],
): void {
  for (const { partition, to, epoch } of released) {
    const row = rows[partition]
    if (row === undefined || row.owner !== releaser || epoch <= row.epoch) continue
    rows[partition] = { owner: to, epoch, target: null }
  }
}

function withoutTheDead(row: Ownership, leases: Leases): Ownership {
  if (row.owner === null || leases.has(row.owner)) return row
  return { ...row, owner: null }
}

function applyOpened(rows: Ownership[], opener: NodeId, opened: readonly OpenedPartition[]): void {
  for (const { partition, epoch } of opened) {
    const row = rows[partition]
    if (row === undefined || epoch <= row.epoch) continue
    const mayOwn = row.owner === opener || (row.owner === null && row.target === opener)
    // The target stays for the plan, which knows by it that a move is under way.
    if (mayOwn) rows[partition] = { owner: opener, epoch, target: row.target }
  }
}

function isSameRow(a: Ownership, b: Ownership): boolean {
  return a.owner === b.owner && a.epoch === b.epoch && a.target === b.target
}

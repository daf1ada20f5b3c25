/**
 * What happens in a cluster, for people: told by the controller as it sees or does it.
 *
 * Derived from what was before and what is after, so a change that was coalesced with others is
 * told once and in its outcome. Events are news, not state: while no controller is in office nobody
 * tells, and what happened then is not told later. The table and the leases are the state.
 */
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease } from './lease.ts'
import type { Ownership, Table } from '../table/table.ts'

export type MembershipEvent =
  | { readonly kind: 'joined' | 'left' | 'died'; readonly nodeId: NodeId }
  | {
      readonly kind: 'controller_changed'
      readonly nodeId: NodeId
      readonly before: NodeId | null
    }
  | {
      /** from: null if the partition has no owner, and `to` is to take it over from the log. */
      readonly kind: 'move_planned'
      readonly partition: PartitionId
      readonly from: NodeId | null
      readonly to: NodeId
    }
  | {
      readonly kind: 'moved'
      readonly partition: PartitionId
      readonly from: NodeId
      readonly to: NodeId
      readonly epoch: Epoch
      /** How long its writes waited until `to` had opened it; null: `from` did not say. */
      readonly waitMs: number | null
    }
  | {
      /** A partition without an owner has one again, or an owner has opened it anew. */
      readonly kind: 'taken_over'
      readonly partition: PartitionId
      readonly to: NodeId
      readonly epoch: Epoch
    }

/**
 * What came of one change of the table, in order of partitions.
 *
 * @param leases from which the change was decided
 */
export function eventsOfTable(
  before: Table,
  after: Table,
  leases: ReadonlyMap<NodeId, NodeLease>,
): MembershipEvent[] {
  return [...after.rows.entries()].flatMap(([index, row]) => {
    const partition = index as PartitionId
    return eventsOfRow(partition, before.ownershipOf(partition), row, leases)
  })
}

/** What came of one change of a lease. undefined: there is none. */
export function eventsOfLease(
  nodeId: NodeId,
  before: NodeLease | undefined,
  after: NodeLease | undefined,
): MembershipEvent[] {
  if (before === undefined && after !== undefined) return [{ kind: 'joined', nodeId }]
  if (before === undefined || after !== undefined) return []
  // Who was drained was to stay.
  const hasLeft = before.state === 'leaving' && before.isDrained !== true
  return [{ kind: hasLeft ? 'left' : 'died', nodeId }]
}

function eventsOfRow(
  partition: PartitionId,
  before: Ownership,
  after: Ownership,
  leases: ReadonlyMap<NodeId, NodeLease>,
) {
  const events: MembershipEvent[] = []
  const { owner, epoch, target } = after
  if (owner !== null && epoch !== before.epoch) {
    const from = before.owner
    if (from === null || from === owner)
      events.push({ kind: 'taken_over', partition, to: owner, epoch })
    else {
      const waitMs = waitOf(leases.get(from), partition, epoch)
      events.push({ kind: 'moved', partition, from, to: owner, epoch, waitMs })
    }
  }
  if (target !== null && target !== before.target) {
    events.push({ kind: 'move_planned', partition, from: owner, to: target })
  }
  return events
}

function waitOf(source: NodeLease | undefined, partition: PartitionId, epoch: Epoch) {
  const report = source?.released.find((one) => one.partition === partition && one.epoch === epoch)
  return report?.waitMs ?? null
}

import test from 'ava'
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease } from './lease.ts'
import { eventsOfLease, eventsOfTable } from './membership-event.ts'
import { Table } from '../table/table.ts'

const [A, B] = ['a', 'b'] as [NodeId, NodeId]
const partition = 0 as PartitionId
const epoch = 2 as Epoch
const tableOf = (owner: NodeId | null, number: number, target: NodeId | null = null) => {
  return new Table([{ owner, epoch: number as Epoch, target }])
}
const nobody: ReadonlyMap<NodeId, NodeLease> = new Map()
const lease = (state: NodeLease['state']) => ({ state }) as NodeLease

test('a move is planned, then made', (t) => {
  const planned = eventsOfTable(tableOf(A, 1), tableOf(A, 1, B), nobody)
  t.deepEqual(planned, [{ kind: 'move_planned', partition, from: A, to: B }])
  const released = [{ partition, to: B, epoch, waitMs: 3 }]
  const leases = new Map([[A, { released } as unknown as NodeLease]])
  const moved = eventsOfTable(tableOf(A, 1, B), tableOf(B, 2), leases)
  t.deepEqual(moved, [{ kind: 'moved', partition, from: A, to: B, epoch, waitMs: 3 }])
})

test('a partition without an owner is to be taken over, then is', (t) => {
  const planned = eventsOfTable(tableOf(A, 1), tableOf(null, 1, B), nobody)
  t.deepEqual(planned, [{ kind: 'move_planned', partition, from: null, to: B }])
  const taken = eventsOfTable(tableOf(null, 1, B), tableOf(B, 2), nobody)
  t.deepEqual(taken, [{ kind: 'taken_over', partition, to: B, epoch }])
})

test('an owner that opens anew has taken over from itself', (t) => {
  const events = eventsOfTable(tableOf(A, 1), tableOf(A, 2), nobody)
  t.deepEqual(events, [{ kind: 'taken_over', partition, to: A, epoch }])
})

test('a row that stays tells nothing', (t) => {
  t.deepEqual(eventsOfTable(tableOf(A, 1, B), tableOf(A, 1, B), nobody), [])
})

test('a node joins, renews, and leaves or dies', (t) => {
  t.deepEqual(eventsOfLease(A, undefined, lease('active')), [{ kind: 'joined', nodeId: A }])
  t.deepEqual(eventsOfLease(A, lease('active'), lease('leaving')), [])
  t.deepEqual(eventsOfLease(A, lease('leaving'), undefined), [{ kind: 'left', nodeId: A }])
  t.deepEqual(eventsOfLease(A, lease('active'), undefined), [{ kind: 'died', nodeId: A }])
})

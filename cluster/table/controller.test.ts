import test from 'ava'
import { nextTable } from './controller.ts'
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import { Table } from './table.ts'
import type { Ownership } from './table.ts'

const [A, B, C] = ['a', 'b', 'c'] as [NodeId, NodeId, NodeId]
const P = 0 as PartitionId

const leasesOf = (...leases: [NodeId, Partial<NodeLease>?][]): Map<NodeId, NodeLease> => {
  return new Map(leases.map(([nodeId, said]) => [nodeId, leaseOf(nodeId, said)]))
}
const leaseOf = (nodeId: NodeId, said?: Partial<NodeLease>): NodeLease => {
  const who = { nodeId, startedAt: 0 as EpochMs, roles: ['gateway', 'actors'], url: null } as const
  return { ...who, state: 'active', opened: [], released: [], ...said }
}
const row = (owner: NodeId | null, epoch: number, target: NodeId | null = null): Ownership => {
  return { owner, epoch: epoch as Epoch, target }
}
const opened = (epoch: number) => ({ opened: [{ partition: P, epoch: epoch as Epoch }] })
const released = (to: NodeId, epoch: number) => {
  return { released: [{ partition: P, to, epoch: epoch as Epoch }] }
}
/** What becomes of a table of one row; undefined: nothing. */
const next = (before: Ownership, leases: Map<NodeId, NodeLease>) => {
  return nextTable(new Table([before]), leases)?.ownershipOf(P)
}

test('a new cluster gives every partition a target, and an owner once it has opened it', (t) => {
  t.deepEqual(next(row(null, 0), leasesOf([A])), row(null, 0, A))
  t.deepEqual(next(row(null, 0, A), leasesOf([A, opened(1)])), row(A, 1))
  t.is(next(row(A, 1), leasesOf([A, opened(1)])), undefined)
})

test('a planned move waits until the owner has released the partition', (t) => {
  const leaving = { state: 'leaving' } as const
  t.deepEqual(next(row(A, 1), leasesOf([A, leaving], [B])), row(A, 1, B))
  t.is(next(row(A, 1, B), leasesOf([A, leaving], [B, opened(2)])), undefined)
  const both = leasesOf([A, { ...leaving, ...released(B, 2) }], [B, opened(2)])
  t.deepEqual(next(row(A, 1, B), both), row(B, 2))
})

test('a drained node gives its partitions away and gets none, unless there is nobody else', (t) => {
  const drained = { state: 'leaving', isDrained: true } as const
  t.deepEqual(next(row(A, 1), leasesOf([A, drained], [B])), row(A, 1, B))
  t.deepEqual(next(row(null, 1), leasesOf([A, drained], [B])), row(null, 1, B))
  t.is(next(row(B, 2), leasesOf([A, drained], [B])), undefined)
  t.deepEqual(next(row(B, 2), leasesOf([A, drained])), row(null, 2, A), 'B has died')
  t.deepEqual(next(row(B, 2), leasesOf([A, drained], [B, { state: 'leaving' }])), row(B, 2, A))
  t.is(next(row(A, 3), leasesOf([A, drained])), undefined)
  t.deepEqual(next(row(A, 3), leasesOf([A, drained], [C])), row(A, 3, C))
})

test('the partitions of a dead node get a target and keep their epoch', (t) => {
  t.deepEqual(next(row(A, 3), leasesOf([B])), row(null, 3, B))
  t.deepEqual(next(row(null, 3, B), leasesOf([B, opened(4)])), row(B, 4))
})

test('an owner that has released to a node which died meanwhile is not the owner any more', (t) => {
  t.deepEqual(next(row(A, 1, B), leasesOf([A, released(B, 2)])), row(null, 2, A))
})

test('an owner whose target died before it released opens anew and stays the owner', (t) => {
  t.deepEqual(next(row(A, 1, B), leasesOf([A])), row(A, 1))
  t.deepEqual(next(row(A, 1), leasesOf([A, opened(3)])), row(A, 3))
})

test('a target that has opened becomes the owner when the source dies with its report unread', (t) => {
  t.deepEqual(next(row(A, 1, B), leasesOf([B, opened(2)])), row(B, 2))
})

test('a report that came too late changes nothing', (t) => {
  t.is(next(row(A, 5), leasesOf([A, opened(4)])), undefined)
  t.is(next(row(A, 5), leasesOf([A, released(B, 5)])), undefined)
  t.is(next(row(B, 5), leasesOf([A, { state: 'leaving', ...released(C, 6) }], [B])), undefined)
  t.is(next(row(B, 2), leasesOf([B], [A, { ...opened(2), state: 'leaving' }])), undefined)
})

test('who is neither owner nor target opens in vain', (t) => {
  t.is(next(row(A, 1), leasesOf([A], [B, opened(2)])), undefined)
  t.is(next(row(null, 1, A), leasesOf([A], [B, opened(2)])), undefined)
})

test('a target that leaves is replaced, the one of a row without an owner too', (t) => {
  const leasesLater = leasesOf([A, { state: 'leaving' }], [B, { state: 'leaving' }], [C])
  t.deepEqual(next(row(A, 1, B), leasesLater), row(A, 1, C))
  t.deepEqual(next(row(null, 1, B), leasesLater), row(null, 1, C))
})

test('the last node that leaves keeps what it owns, with nobody to give it to', (t) => {
  const last = leasesOf([A, { state: 'leaving' }])
  t.is(next(row(A, 1), last), undefined)
  t.deepEqual(next(row(A, 1, B), last), row(A, 1))
})

test('a node that is only a gateway is given nothing', (t) => {
  t.is(next(row(A, 1), leasesOf([A], [B, { roles: ['gateway'] }])), undefined)
  t.is(next(row(null, 0), leasesOf([B, { roles: ['gateway'] }])), undefined)
})

test('all that was reported goes into one next table', (t) => {
  const table = new Table([row(A, 1, B), row(C, 1), row(A, 2)], 7)
  const leases = leasesOf([A, released(B, 2)], [B, opened(2)])
  const after = nextTable(table, leases)
  t.deepEqual(after?.rows, [row(B, 2), row(null, 1, A), row(A, 2)])
  t.is(after?.version, 8)
})

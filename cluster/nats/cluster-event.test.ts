import test from 'ava'
import { clusterEventsOf, parseClusterEvent } from './cluster-event.ts'
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import type { MembershipEvent } from '../membership/membership-event.ts'

const [A, B, C] = ['a', 'b', 'c'] as [NodeId, NodeId, NodeId]
const epoch = 5 as Epoch
const at = '1970-01-01T00:00:01.000Z'
const eventsOf = (...events: MembershipEvent[]) => clusterEventsOf(events, 1_000 as EpochMs)
const movedOf = (partition: number, to: NodeId, waitMs: number | null): MembershipEvent => {
  return { kind: 'moved', partition: partition as PartitionId, from: A, to, epoch, waitMs }
}

test('partitions that go the same way are one event, in the order of the first', (t) => {
  const events = eventsOf(movedOf(1, B, 3), movedOf(2, C, 4), movedOf(9, B, null))
  const common = { kind: 'partition.moved', at, from: A }
  t.deepEqual(events as unknown[], [
    { ...common, to: B, partitions: [1, 9], epochs: [5, 5], waitsMs: [3, null] },
    { ...common, to: C, partitions: [2], epochs: [5], waitsMs: [4] },
  ])
})

test('plans and take-overs are told with those who get the partitions', (t) => {
  const partition = 1 as PartitionId
  const events = eventsOf(
    { kind: 'move_planned', partition, from: null, to: B },
    { kind: 'taken_over', partition, to: B, epoch },
  )
  t.deepEqual(events as unknown[], [
    { kind: 'partition.planned', at, from: null, to: B, partitions: [1] },
    { kind: 'partition.taken-over', at, to: B, partitions: [1], epochs: [5] },
  ])
})

test('each node that joins, leaves, dies or takes office is an event of its own', (t) => {
  const events = eventsOf(
    { kind: 'joined', nodeId: A },
    { kind: 'joined', nodeId: B },
    { kind: 'left', nodeId: A },
    { kind: 'died', nodeId: B },
    { kind: 'controller_changed', nodeId: C, before: null },
  )
  t.deepEqual(events as unknown[], [
    { kind: 'node.joined', at, node: A },
    { kind: 'node.joined', at, node: B },
    { kind: 'node.left', at, node: A },
    { kind: 'node.died', at, node: B },
    { kind: 'controller.changed', at, node: C, before: null },
  ])
})

test('what is published can be read again, and anything else cannot', (t) => {
  const partition = 1 as PartitionId
  const published = eventsOf(
    { kind: 'joined', nodeId: A },
    { kind: 'controller_changed', nodeId: A, before: null },
    { kind: 'move_planned', partition, from: null, to: B },
    { kind: 'taken_over', partition, to: B, epoch },
    movedOf(1, B, null),
  )
  for (const event of published) {
    t.deepEqual(parseClusterEvent(JSON.parse(JSON.stringify(event))), event)
    for (const name of Object.keys(event)) {
      const isOptional =
        (event.kind === 'partition.planned' && name === 'from') || name === 'before'
      if (isOptional) continue
      const broken = { ...event, [name]: { odd: true } }
      t.is(parseClusterEvent(broken), undefined, JSON.stringify(broken))
    }
  }
  for (const value of [null, 1, 'x', [], {}, { kind: 'node.joined' }]) {
    t.is(parseClusterEvent(value), undefined)
  }
})

/** A report stays until the table shows it, and goes then. */
import test from 'ava'
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { Table } from '../../cluster/table/table.ts'
import { OwnershipReports } from './ownership-reports.ts'

const [ME, OTHER] = ['me', 'other'] as NodeId[] as [NodeId, NodeId]
const P = 3 as PartitionId
const OPENED = [{ partition: P, epoch: 5 as Epoch }]
const RELEASE = { partition: P, to: OTHER, epoch: 5 as Epoch }

function start() {
  const sent: unknown[] = []
  const moved: unknown[] = []
  const clock = new ManualClock()
  const reports = new OwnershipReports({
    nodeId: ME,
    clock,
    send: (opened, released) => sent.push({ opened, released }),
    onMoved: (partition, to, waitMs) => moved.push({ partition, to, waitMs }),
  })
  const settle = (owner: NodeId | null, epoch: number) => {
    const row = { owner, epoch: epoch as Epoch, target: null }
    reports.settle(Table.empty(16).with(new Map([[P, row]])))
  }
  return { reports, clock, sent, moved, settle }
}

test('what was opened is told until this node owns it in that epoch, or a later one', (t) => {
  for (const epoch of [5, 6]) {
    const { reports, sent, settle } = start()
    reports.addOpened(P, 5 as Epoch)
    reports.send()
    t.deepEqual(sent.splice(0), [{ opened: OPENED, released: [] }])
    settle(ME, 4)
    settle(OTHER, 6)
    settle(null, 5)
    t.true(reports.hasOpened(P))
    t.deepEqual(sent, [])
    settle(ME, epoch)
    t.false(reports.hasOpened(P))
    t.deepEqual(sent, [{ opened: [], released: [] }])
  }
})

test('what was released is told until this node does not own it any more', (t) => {
  for (const [owner, epoch] of [
    [OTHER, 5],
    [null, 4],
    [ME, 6],
  ] as const) {
    const { reports, clock, sent, settle } = start()
    reports.addReleased(RELEASE, clock.now())
    reports.send()
    t.deepEqual(sent.splice(0), [{ opened: [], released: [{ ...RELEASE, waitMs: 0 }] }])
    settle(ME, 4)
    t.true(reports.hasReleased(P))
    settle(owner, epoch)
    t.false(reports.hasReleased(P))
    t.deepEqual(sent, [{ opened: [], released: [] }])
  }
})

test('the writes of what was released have waited until the table shows it', async (t) => {
  const { reports, clock, sent, moved, settle } = start()
  const sealedAt = clock.now()
  await clock.pass(7)
  reports.addReleased(RELEASE, sealedAt)
  reports.send()
  t.like(sent[0], { released: [{ waitMs: 7 }] }, 'so far')
  await clock.pass(5)
  settle(ME, 4)
  t.deepEqual(moved, [])
  settle(OTHER, 5)
  settle(OTHER, 6)
  t.deepEqual(moved, [{ partition: P, to: OTHER, waitMs: 12 }])
})

test('what is not here any more is not told, nor anything after a declared death', (t) => {
  const { reports, clock, sent, moved } = start()
  reports.addOpened(P, 5 as Epoch)
  reports.dropOpened(P)
  t.false(reports.hasOpened(P))
  reports.addOpened(P, 5 as Epoch)
  reports.addReleased(RELEASE, clock.now())
  reports.clear()
  t.false(reports.hasOpened(P) || reports.hasReleased(P))
  reports.send()
  t.deepEqual(sent, [{ opened: [], released: [] }])
  t.deepEqual(moved, [])
})

test('of one partition the newest report counts', (t) => {
  const { reports, sent } = start()
  reports.addOpened(P, 4 as Epoch)
  reports.addOpened(P, 5 as Epoch)
  reports.send()
  t.deepEqual(sent, [{ opened: OPENED, released: [] }])
})

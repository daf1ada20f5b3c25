/** A node is brought one partition at a time, and rests in between. */
import test from 'ava'
import type { NodeId, PartitionId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { HandOffTurns } from './hand-off-turns.ts'

const [ONE, TWO, THREE] = [1, 2, 3] as PartitionId[] as [PartitionId, PartitionId, PartitionId]
const [B, C] = ['b', 'c'] as NodeId[] as [NodeId, NodeId]

function start() {
  const clock = new ManualClock()
  const seen = { rested: 0 }
  const turns = new HandOffTurns(clock, () => seen.rested++)
  return { clock, seen, turns }
}

test('a partition is moved once at a time, and a target is brought one at a time', (t) => {
  const { turns } = start()
  t.truthy(turns.begin(ONE, B))
  t.is(turns.begin(ONE, C), undefined)
  t.is(turns.begin(TWO, B), undefined)
  t.truthy(turns.begin(TWO, C))
  t.deepEqual([...turns.moving], [ONE, TWO])
})

test('a target rests for as long as the partition took', async (t) => {
  const { clock, seen, turns } = start()
  const turn = turns.begin(ONE, B)!
  await clock.pass(10)
  turns.rest(turn, true)
  turns.end(ONE)
  t.deepEqual([...turns.moving], [])
  await clock.pass(9)
  t.is(turns.begin(TWO, B), undefined)
  t.is(seen.rested, 0)
  await clock.pass(1)
  t.is(seen.rested, 1)
  t.truthy(turns.begin(TWO, B))
})

test('a large partition does not make for a long rest', async (t) => {
  const { clock, turns } = start()
  const turn = turns.begin(ONE, B)!
  await clock.pass(10_000)
  turns.rest(turn, true)
  await clock.pass(50)
  t.truthy(turns.begin(TWO, B))
})

test('a target that refuses is left alone for a moment, then is brought another one', async (t) => {
  const { clock, turns } = start()
  turns.rest(turns.begin(ONE, B)!, false)
  await clock.pass(49)
  t.is(turns.begin(TWO, B), undefined)
  await clock.pass(1)
  t.is(turns.begin(ONE, B), undefined, 'it waits for another attempt')
  t.truthy(turns.begin(TWO, B))
})

test('the end of a rest that was forgotten does not end a later turn', async (t) => {
  const { clock, seen, turns } = start()
  turns.rest(turns.begin(ONE, B)!, false)
  turns.clear()
  t.truthy(turns.begin(TWO, B))
  await clock.pass(1_000)
  t.is(turns.begin(THREE, B), undefined)
  t.is(seen.rested, 0)
})

test('a node that stops brings several at a time, without a rest', async (t) => {
  const { clock, seen, turns } = start()
  turns.hurry()
  const begun = Array.from({ length: 5 }, (_, partition) =>
    turns.begin(partition as PartitionId, B),
  )
  t.deepEqual(
    begun.map((turn) => turn !== undefined),
    [true, true, true, true, false],
  )
  await clock.pass(100)
  turns.rest(begun[0]!, true)
  turns.end(0 as PartitionId)
  await clock.pass(0)
  t.is(seen.rested, 1)
  t.truthy(turns.begin(4 as PartitionId, B))
})

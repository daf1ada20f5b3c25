import test from 'ava'
import type { Epoch, NodeId, PartitionId } from '../links/ids.ts'
import { ManualClock } from '../links/testing/manual-clock.ts'
import type { PlacedOwner } from '../cluster/table/placement.ts'
import { OwnerWaits } from './owner-waits.ts'

function newWorld() {
  const clock = new ManualClock()
  const owners = new Map<number, PlacedOwner>()
  const listeners = new Set<() => void>()
  const ended: string[] = []
  const ownerOf = (partition: number) => {
    return owners.get(partition) ?? { owner: 'a' as NodeId, epoch: 1 as Epoch }
  }
  const onChange = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const waits = new OwnerWaits({ ownerOf, learn: () => {}, onChange }, clock)
  const begin = (name: string, partition: number, until: number) => {
    const placed = ownerOf(partition)
    const end = () => ended.push(name)
    const wait = { partition: partition as PartitionId, placed, until, end }
    waits.begin(wait)
    return wait
  }
  const move = (partition: number) => {
    owners.set(partition, { owner: 'b' as NodeId, epoch: 2 as Epoch })
    for (const listener of listeners) listener()
  }
  return { clock, waits, ended, listeners, begin, move }
}

test('each ends when its own time is over', async (t) => {
  const { clock, ended, begin } = newWorld()
  begin('late', 0, 300)
  begin('early', 1, 100)
  begin('between', 0, 200)
  await clock.pass(99)
  t.deepEqual(ended, [])
  await clock.pass(1)
  t.deepEqual(ended, ['early'])
  begin('soon', 0, 150)
  await clock.pass(100)
  t.deepEqual(ended, ['early', 'soon', 'between'])
  await clock.pass(100)
  t.deepEqual(ended, ['early', 'soon', 'between', 'late'])
})

test('a move ends those of its partition, and nobody is told twice', async (t) => {
  const { clock, ended, begin, move } = newWorld()
  begin('moved', 3, 100)
  begin('stays', 4, 100)
  move(3)
  t.deepEqual(ended, ['moved'])
  await clock.pass(1_000)
  t.deepEqual(ended, ['moved', 'stays'])
})

test('one that is stopped has not ended and never will, and the last leaves nothing behind', async (t) => {
  const { clock, waits, ended, listeners, begin, move } = newWorld()
  const [one, other] = [begin('one', 1, 100), begin('other', 1, 200)]
  t.true(waits.stop(one))
  t.false(waits.stop(one))
  t.is(listeners.size, 1)
  t.true(waits.stop(other))
  t.is(listeners.size, 0)
  move(1)
  await clock.pass(1_000)
  t.deepEqual(ended, [])
  begin('again', 1, 1_100)
  await clock.pass(100)
  t.deepEqual(ended, ['again'])
})

import test from 'ava'
import type { PartitionId } from '../../links/ids.ts'
import { DuePartitions } from './due-partitions.ts'

/** Turns end when the test says so; each partition that is begun takes a place. */
function start(places: number) {
  const world = {
    places,
    begun: [] as number[],
    turns: [] as (() => void)[],
    endTurn: () => {
      for (const action of world.turns.splice(0)) action()
      return world.begun.splice(0)
    },
  }
  const due = new DuePartitions({
    hasRoom: () => world.places > 0,
    defer: (action) => world.turns.push(action),
    begin: (partition) => {
      world.places--
      world.begun.push(partition)
    },
  })
  const add = (...partitions: number[]) => {
    for (const partition of partitions) due.add(partition as PartitionId)
  }
  return { world, due, add }
}

test('a partition is begun once, at the end of the turn in which it became due', (t) => {
  const { world, add } = start(9)
  add(1, 2, 1)
  t.deepEqual(world.begun, [])
  t.deepEqual(world.endTurn(), [1, 2])
  t.deepEqual(world.endTurn(), [])
})

test('those that find no room wait, and are begun in order when there is', (t) => {
  const { world, due, add } = start(2)
  add(3, 1, 2, 0)
  t.deepEqual(world.endTurn(), [3, 1])
  add(3)
  t.deepEqual(world.endTurn(), [], 'there is no room yet')
  world.places++
  due.plan()
  t.deepEqual(world.endTurn(), [2])
  world.places = 9
  due.plan()
  t.deepEqual(world.endTurn(), [0, 3], 'who was begun before is behind who was not')
})

test('one whose last batch has ended goes on at once, but not before those that wait', (t) => {
  const { world, due, add } = start(2)
  due.addEnded(5 as PartitionId)
  t.deepEqual(world.begun.splice(0), [5])
  add(1)
  due.addEnded(5 as PartitionId)
  t.deepEqual(world.begun, [])
  t.deepEqual(world.endTurn(), [1])
})

test('with nothing due nothing is planned', (t) => {
  const { world, due } = start(1)
  due.plan()
  t.deepEqual(world.turns, [])
})

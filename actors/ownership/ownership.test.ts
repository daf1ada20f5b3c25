/** A node serves what the table gives it, and nothing else. */
import test from 'ava'
import type { TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import { codesOf, P } from '../testing/host-world.ts'
import { OwnershipWorld, type OwnershipNode } from '../testing/ownership-world.ts'

const [FIRST, SECOND] = codesOf(P, 2) as [Code, Code]

/** `a` serves P, with one link, in epoch 1. */
async function start() {
  const world = new OwnershipWorld()
  const a = world.node('a')
  await world.setRow([null, 0, 'a'])
  await world.setRow(['a', 1, null])
  await a.create(FIRST)
  return { world, a, b: world.node('b') }
}

function assertServes(node: OwnershipNode, epoch: number): boolean {
  return node.serves() && node.epochOf() === epoch
}

test('owned by nobody, to be opened here: it is opened and reported, not yet served', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  await world.setRow([null, 0, 'a'])
  t.is(a.epochOf(), 1 as Epoch)
  t.false(a.serves())
  t.deepEqual(a.control.opened, [{ partition: P, epoch: 1 as Epoch }])
  const write = a.create(FIRST)
  await world.pass(100)
  t.is((await world.disk.truth()).size, 0, 'what is written waits for the table')
  await world.setRow(['a', 1, null])
  t.true(assertServes(a, 1))
  t.like(await write, { kind: 'created' })
  t.deepEqual(a.control.opened, [], 'the table shows it')
})

test('owned by this node but not here: it is opened in a newer epoch, and served in that', async (t) => {
  const { world, a } = await start()
  const again = world.node('c')
  await world.setRow(['c', 1, null])
  t.is(a.epochOf(), undefined)
  t.is(again.epochOf(), 2 as Epoch)
  t.false(again.serves())
  await world.setRow(['c', 2, null])
  t.true(assertServes(again, 2))
  t.is(again.host.lookup(FIRST, world.disk.now()).kind, 'redirect')
})

test('owned by another node: what is here of it is dropped, and who waits is sent away', async (t) => {
  const { world, a } = await start()
  world.disk.log.onAppend = () => new Promise(() => {})
  const writes = [a.create(SECOND), a.create(SECOND)]
  const refused = writes.map((write) => t.throwsAsync(write, { code: 'log_uncertain' }))
  await world.pass(0)
  await world.setRow(['b', 2, null])
  await Promise.all(refused)
  t.is(a.epochOf(), undefined)
  t.is(a.dirty.get(P), undefined, 'the write-behind has forgotten it')
  t.is(a.bound.bytes, 0)
})

test('owned by this node, to be moved: it is handed off, released and reported', async (t) => {
  const { world, a, b } = await start()
  await world.setRow(['a', 1, 'b'])
  t.is(a.epochOf(), undefined)
  t.is(b.epochOf(), 2 as Epoch)
  t.false(b.serves(), 'the table does not show it yet')
  t.like(a.control.released, [{ partition: P, to: 'b' as NodeId, epoch: 2 as Epoch }])
  t.deepEqual(a.learned, [[P, 'b' as NodeId, 2 as Epoch]])
  t.deepEqual(a.moved, [], 'its writes wait still')
  const error = await t.throwsAsync<TinygridError>(a.create(SECOND))
  t.is(error?.code, 'not_owner')
  await world.setRow(['b', 2, null])
  t.true(assertServes(b, 2))
  t.deepEqual(a.control.released, [])
  t.deepEqual(a.moved, [{ partition: P, to: 'b' as NodeId }])
  t.is(b.host.lookup(FIRST, world.disk.now()).kind, 'redirect')
  t.like(await b.create(SECOND), { kind: 'created' })
})

test('what was released is not opened here again before the table shows it elsewhere', async (t) => {
  const { world, a, b } = await start()
  await world.setRow(['a', 1, 'b'])
  a.control.setRows([[1 as PartitionId, [null, 0, 'b']]])
  await world.pass(1_000)
  t.is(a.epochOf(), undefined)
  t.is(b.epochOf(), 2 as Epoch)
})

test('what was released and is given back is opened from the log', async (t) => {
  const { world, a } = await start()
  await world.setRow(['a', 1, 'b'])
  await world.setRow(['b', 2, null])
  await world.setRow([null, 2, 'a'])
  t.is(a.epochOf(), 3 as Epoch)
  await world.setRow(['a', 3, null])
  t.true(assertServes(a, 3))
  t.is(a.host.lookup(FIRST, world.disk.now()).kind, 'redirect')
})

test('what was released and is given back in one change is opened at once', async (t) => {
  const { world, a } = await start()
  await world.setRow(['a', 1, 'b'])
  // This node was told neither that `b` owned the partition, nor that it died.
  a.control.setRows([[P, [null, 2, 'a']]])
  await world.pass(100)
  t.is(a.epochOf(), 3 as Epoch)
  t.deepEqual(a.control.released, [])
})

test('a move to here does not make a node drop what it has been brought', async (t) => {
  const { world, a, b } = await start()
  await world.setRow(['a', 1, 'b'])
  b.control.setRows([[1 as PartitionId, ['a', 1, null]]])
  await world.pass(100)
  t.is(b.epochOf(), 2 as Epoch)
  t.is(a.control.released.length, 1)
})

test('a table older than the one the source goes by does not end its move', async (t) => {
  const { world, a, b } = await start()
  world.network.rule = ({ kind, to }) => (kind === 'answer' && to === 'a' ? [100] : [0])
  a.control.setRows([[P, ['a', 1, 'b']]], 10)
  await world.pass(50)
  b.control.setRows([[P, ['a', 1, null]]], 9)
  await world.pass(1_000)
  t.is(b.epochOf(), 2 as Epoch, 'it came with the move')
  t.like(a.control.released, [{ partition: P, epoch: 2 as Epoch }])
  b.control.setRows([[P, ['a', 1, null]]], 11)
  t.is(b.epochOf(), undefined, 'a newer one does')
})

test('a move that is called off leaves the partition with its owner, in an epoch of its own', async (t) => {
  const { world, a, b } = await start()
  world.network.rule = ({ kind, to }) => (kind === 'answer' && to === 'a' && b.epochOf() ? [] : [0])
  await world.setRow(['a', 1, 'b'])
  t.is(b.epochOf(), 2 as Epoch)
  await world.setRow(['a', 1, null])
  await world.pass(2_000)
  t.is(b.epochOf(), undefined)
  t.is(a.epochOf(), 3 as Epoch)
  t.deepEqual(a.control.opened, [{ partition: P, epoch: 3 as Epoch }])
  t.true(a.serves())
  await world.setRow(['a', 3, null])
  t.deepEqual(a.control.opened, [])
  t.like(await a.create(SECOND), { kind: 'created' })
})

test('a copy that came by a move whose end was another one is opened anew', async (t) => {
  const { world, a, b } = await start()
  await world.setRow(['a', 1, 'b'])
  t.is(b.epochOf(), 2 as Epoch)
  // `a` has taken it back and given it up since: the copy may be old.
  const epoch = await world.disk.takeOver('a' as NodeId)
  b.control.setRows([[P, ['b', epoch, null]]])
  await world.pass(100)
  t.is(b.epochOf(), 4 as Epoch)
  t.deepEqual(b.control.opened, [{ partition: P, epoch: 4 as Epoch }])
  t.is(a.epochOf(), undefined)
})

test('a copy that came by a move is opened anew if its owner is gone', async (t) => {
  const { world, b } = await start()
  await world.setRow(['a', 1, 'b'])
  t.is(b.epochOf(), 2 as Epoch)
  b.control.setRows([[P, [null, 2, 'b']]])
  await world.pass(100)
  t.is(b.epochOf(), 3 as Epoch)
})

test('a copy that came by a move that was given up makes room for the next one', async (t) => {
  const { world, a, b } = await start()
  world.network.rule = ({ kind, to }) => (kind === 'answer' && to === 'a' && b.epochOf() ? [] : [0])
  await world.setRow(['a', 1, 'b'])
  t.is(b.epochOf(), 2 as Epoch)
  // `b` hears nothing of the table meanwhile.
  a.control.setRows([[P, ['a', 1, null]]])
  await world.pass(2_000)
  await a.create(SECOND)
  world.network.rule = () => [0]
  a.control.setRows([[P, ['a', 3, 'b']]])
  await world.pass(1_000)
  t.is(b.epochOf(), 4 as Epoch)
  t.is(b.host.actors.get(P)!.memory.size, 2)
})

test('a target is not asked again and again while it will not take the partition', async (t) => {
  const { world, a, b } = await start()
  b.control.isCutOff = true
  let calls = 0
  world.network.rule = ({ kind }) => {
    if (kind === 'call') calls++
    return [0]
  }
  await world.setRow(['a', 1, 'b'])
  await world.pass(850)
  t.is(calls, 5)
  t.true(assertServes(a, 1))
  b.control.isCutOff = false
  await world.pass(200)
  t.is(b.epochOf(), 2 as Epoch)
})

test('each node is brought one partition at a time, and all in the end', async (t) => {
  const world = new OwnershipWorld()
  const [a, b, c] = [world.node('a'), world.node('b'), world.node('c')]
  const partitions = Array.from({ length: 10 }, (_, index) => index as PartitionId)
  const setAll = async (owner: string | null, epoch: number, targets: (string | null)[]) => {
    for (const { control } of [a, b, c]) {
      control.setRows(partitions.map((p) => [p, [owner, epoch, targets[p % targets.length]!]]))
    }
    await world.pass(1)
  }
  await setAll(null, 0, ['a'])
  await setAll('a', 1, [null])
  world.network.rule = () => [20]
  await setAll('a', 1, ['b', 'c'])
  t.deepEqual([...a.ownership.moving], [0, 1])
  await world.pass(1_000)
  t.is(a.ownership.moving.size, 0)
  t.deepEqual([...b.host.actors.keys()], [0, 2, 4, 6, 8])
  t.deepEqual([...c.host.actors.keys()], [1, 3, 5, 7, 9])
  t.is(a.control.released.length, 10)
})

test('only what may lack links of the store is to be loaded', async (t) => {
  const { world, a, b } = await start()
  t.deepEqual(a.incomplete, [], 'a partition that was never written to')
  await a.flush()
  await world.setRow([null, 1, 'b'])
  t.deepEqual(b.incomplete, [P], 'one that was taken over from the log')
  await world.setRow(['b', 2, null])
  await world.setRow(['b', 2, 'a'])
  t.is(a.epochOf(), 3 as Epoch)
  t.deepEqual(a.incomplete, [P], 'one that was moved, from an owner that did not know all')
})

test('a node that has stopped follows nothing any more', async (t) => {
  const { world, a, b } = await start()
  a.ownership.stop()
  await world.setRow(['a', 1, 'b'])
  t.true(assertServes(a, 1))
  await world.setRow([null, 1, 'b'])
  t.true(assertServes(a, 1))
  t.is(b.epochOf(), 2 as Epoch)
})

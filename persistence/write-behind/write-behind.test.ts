/** Acknowledged writes reach the store, whatever fails on the way, and the log is trimmed behind. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { MemoryLog } from '../log/memory-log.ts'
import { WriteWorld } from '../testing/write-world.ts'

const P = 0 as PartitionId

test('a write reaches the store after a moment, then the checkpoint, then the trim', async (t) => {
  const world = new WriteWorld()
  await world.write('a', 'b', 'a')
  t.is(world.writeBehind.status().dirtyLinks, 2)
  await world.clock.pass(1000)
  t.is((await world.stored('a'))?.position, world.positionOf('a'))
  t.deepEqual(world.writeBehind.status(), {
    dirtyLinks: 0,
    dirtyBytes: 0,
    dirtyBytesMax: 10_000,
    flushLagMs: 0,
    linksFlushed: 2,
    deadLetters: 0,
    storeErrors: 0,
    logErrors: 0,
  })
  t.deepEqual(await world.store.checkpoints(), new Map([[P, 3 as LogPosition]]))
  t.deepEqual(await world.logPositions(), [3])
  t.deepEqual(world.dirty, [])
})

test('what somebody reads is kept in the log, and goes when they have it', async (t) => {
  const world = new WriteWorld()
  let read = 1
  const end = world.writeBehind.hold(() => (read + 1) as LogPosition)
  await world.write('a', 'b', 'c', 'd')
  await world.clock.pass(2_000)
  t.deepEqual(await world.store.checkpoints(), new Map([[P, 4 as LogPosition]]))
  t.deepEqual(await world.logPositions(), [2, 3, 4])
  read = 3
  await world.write('e')
  await world.clock.pass(2_000)
  t.deepEqual(await world.logPositions(), [4, 5])
  end()
  end()
  await world.clock.pass(10_000)
  t.deepEqual(await world.logPositions(), [5])
})

test('a link that changes often is written once', async (t) => {
  const world = new WriteWorld()
  for (let change = 0; change < 50; change++) await world.write('a')
  await world.clock.pass(1000)
  t.is(world.storeWrites, 1)
  t.is((await world.stored('a'))?.position, 50 as LogPosition)
})

test('an epoch record moves the checkpoint although no link is written', async (t) => {
  const world = new WriteWorld()
  await world.writeEpoch()
  await world.clock.pass(1000)
  t.deepEqual(await world.store.checkpoints(), new Map([[P, 1 as LogPosition]]))
})

test('much that waits is written at once, in writes of a bounded size', async (t) => {
  const world = new WriteWorld({ flushAtLinks: 10, flushLinksMax: 10, dirtyBytesMax: () => 1e6 })
  const codes = Array.from({ length: 35 }, (_, index) => `c${index}`)
  await world.write(...codes)
  await world.clock.pass(0)
  t.is(world.storeWrites, 3)
  t.is(world.writeBehind.status().dirtyLinks, 5)
  await world.clock.pass(1000)
  t.is(world.writeBehind.status().dirtyLinks, 0)
})

test('all that waits is flushed in one go, however many writes that takes', async (t) => {
  const world = new WriteWorld({ flushLinksMax: 10 })
  await world.write(...Array.from({ length: 25 }, (_, index) => `c${index}`))
  await world.clock.pass(999)
  t.is(world.storeWrites, 0)
  await world.clock.pass(1)
  t.is(world.storeWrites, 3)
  t.deepEqual(world.dirty, [])
})

test('a store that fails for a minute loses nothing, and is not hammered', async (t) => {
  const world = new WriteWorld()
  world.storeFails = true
  await world.write('a', 'b')
  await world.clock.pass(30_000)
  await world.write('b', 'c')
  await world.clock.pass(30_000)
  t.true(world.storeWrites > 10 && world.storeWrites < 40, `${world.storeWrites} attempts`)
  t.is(world.writeBehind.status().storeErrors, world.storeWrites)
  t.true(world.writeBehind.status().flushLagMs >= 59_000)
  t.deepEqual(await world.logPositions(), [1, 2, 3, 4])
  world.storeFails = false
  await world.clock.pass(10_000)
  for (const code of ['a', 'b', 'c']) {
    t.is((await world.stored(code))?.position, world.positionOf(code))
  }
  t.deepEqual(await world.logPositions(), [4])
  t.deepEqual(world.dirty, [])
})

test('owners are told to stop at the bound, and to go on when the store is back', async (t) => {
  const world = new WriteWorld({ dirtyBytesMax: () => 300 })
  world.storeFails = true
  t.false(world.writeBehind.isFull())
  while (!world.writeBehind.isFull()) await world.write(`c${world.dirty.length}`)
  t.true(world.writeBehind.status().dirtyBytes >= 300)
  world.storeFails = false
  await world.clock.pass(10_000)
  t.false(world.writeBehind.isFull())
})

test('a version refused for good becomes a dead letter and holds up nothing', async (t) => {
  const world = new WriteWorld()
  world.refused.add('bad')
  await world.write('a', 'bad', 'c')
  await world.clock.pass(1000)
  t.truthy(await world.stored('a'))
  t.truthy(await world.stored('c'))
  t.is(await world.stored('bad'), undefined)
  const [letter] = await Array.fromAsync(world.log.deadLetters())
  t.like(letter, { key: 'bad', position: 2 as LogPosition, reason: 'never' })
  t.deepEqual(await world.logPositions(), [3])
  t.deepEqual(world.dirty, ['bad'])
  t.like(world.writeBehind.status(), { dirtyLinks: 0, deadLetters: 1, linksFlushed: 2 })
})

test('a later version that the store takes removes the dead letter', async (t) => {
  const world = new WriteWorld()
  world.refused.add('bad')
  await world.write('bad')
  await world.clock.pass(1000)
  const again = world.restarted()
  again.refused.clear()
  await again.write('bad')
  await again.clock.pass(1000)
  t.deepEqual(await Array.fromAsync(again.log.deadLetters()), [])
  t.is(again.writeBehind.status().deadLetters, 0)
  t.deepEqual(again.dirty, [])
})

test('a log that cannot take a dead letter keeps the entry from being trimmed', async (t) => {
  const world = new WriteWorld()
  world.refused.add('bad')
  world.logFails = true
  await world.write('bad', 'b')
  await world.clock.pass(5000)
  t.deepEqual(await world.logPositions(), [1, 2])
  t.true(world.writeBehind.status().logErrors > 1)
  world.logFails = false
  await world.clock.pass(10_000)
  t.deepEqual(await world.logPositions(), [2])
  t.is(world.writeBehind.status().deadLetters, 1)
})

test('a trim that fails is made up for', async (t) => {
  const world = new WriteWorld()
  world.trimFails = true
  await world.write('a', 'b')
  await world.clock.pass(2000)
  t.deepEqual(await world.logPositions(), [1, 2])
  t.true(world.writeBehind.status().logErrors > 0)
  t.is(world.writeBehind.status().dirtyLinks, 0)
  world.trimFails = false
  await world.clock.pass(10_000)
  t.deepEqual(await world.logPositions(), [2])
})

test('after a crash between write and checkpoint, the replay changes nothing', async (t) => {
  const world = new WriteWorld()
  await world.write('a', 'b', 'a')
  world.checkpointFails = true
  await world.clock.pass(1000)
  const stored = await world.stored('a')
  t.truthy(stored)
  const again = world.restarted()
  await again.replay()
  await again.clock.pass(1000)
  t.deepEqual(await again.stored('a'), stored)
  t.deepEqual(await again.store.checkpoints(), new Map([[P, 3 as LogPosition]]))
  t.deepEqual(await again.logPositions(), [3])
})

test('an older version that comes late does not replace a newer one', async (t) => {
  const world = new WriteWorld()
  await world.write('a', 'a', 'a')
  await world.clock.pass(1000)
  const stored = await world.stored('a')
  const late = new WriteWorld({}, { log: new MemoryLog(), store: world.store })
  await late.write('a')
  await late.clock.pass(1000)
  t.deepEqual(await late.stored('a'), stored)
})

test('a barrier waits for what was written before it, at once, and for no more', async (t) => {
  const world = new WriteWorld()
  t.is(await world.writeBehind.barrier(1000), undefined)
  await world.write('a', 'b')
  let isReached = false
  const barrier = world.writeBehind.barrier(1000)
  void barrier.finally(() => {
    isReached = true
  })
  t.false(isReached)
  await world.clock.pass(0)
  t.true(isReached)
  t.truthy(await world.stored('b'))
  await barrier
})

test('a barrier gives up in time while the store fails', async (t) => {
  const world = new WriteWorld()
  world.storeFails = true
  await world.write('a')
  const barrier = t.throwsAsync(world.writeBehind.barrier(1000), { code: 'store_unavailable' })
  await world.clock.pass(1000)
  await barrier
})

test('a close flushes, saves and trims everything first', async (t) => {
  const world = new WriteWorld()
  await world.write('a', 'b')
  const closed = world.writeBehind.close(5000)
  await world.clock.pass(0)
  t.true(await closed)
  t.deepEqual(await world.store.checkpoints(), new Map([[P, 2 as LogPosition]]))
  t.deepEqual(await world.logPositions(), [2])
  t.true(await new WriteWorld().writeBehind.close(1000), 'nothing to do')
})

test('a close is bounded while the store fails', async (t) => {
  const world = new WriteWorld()
  world.storeFails = true
  await world.write('a')
  const closed = world.writeBehind.close(5000)
  await world.clock.pass(5000)
  t.false(await closed)
  const attempts = world.storeWrites
  await world.clock.pass(60_000)
  t.is(world.storeWrites, attempts)
})

test('a link that changes while it is flushed is flushed again', async (t) => {
  const world = new WriteWorld()
  await world.write('a')
  world.duringStoreWrite = async () => {
    world.duringStoreWrite = undefined
    await world.write('a')
  }
  await world.clock.pass(1000)
  t.is((await world.stored('a'))?.position, 1 as LogPosition)
  t.deepEqual(world.dirty, ['a'])
  t.like(world.writeBehind.status(), { dirtyLinks: 1 })
  await world.clock.pass(1000)
  t.is((await world.stored('a'))?.position, 2 as LogPosition)
  t.deepEqual(world.dirty, [])
})

test('errors are told to whoever listens', async (t) => {
  const heard: unknown[] = []
  const world = new WriteWorld({ onError: (_, error) => heard.push(error) })
  world.storeFails = true
  await world.write('a')
  await world.clock.pass(1000)
  t.true(heard[0] instanceof TinygridError)
})

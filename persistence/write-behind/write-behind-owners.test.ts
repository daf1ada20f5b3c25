/** A partition goes to another owner, and may come back, at any moment of its write-behind. */
import test from 'ava'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { WriteWorld } from '../testing/write-world.ts'

const P = 0 as PartitionId
const KEPT_CHECK_MS = 5_000

test('of a partition that is forgotten nothing is written, saved or trimmed', async (t) => {
  const world = new WriteWorld()
  await world.write('a', 'b')
  world.forget()
  t.like(world.writeBehind.status(), { dirtyLinks: 0, dirtyBytes: 0 })
  await world.clock.pass(10_000)
  t.is(world.storeWrites, 0)
  t.deepEqual(await world.store.checkpoints(), new Map())
  t.deepEqual(await world.logPositions(), [1, 2])
})

test('owners may write again when the partition with too much is gone', async (t) => {
  const world = new WriteWorld({ dirtyBytesMax: () => 100 })
  world.storeFails = true
  while (!world.writeBehind.isFull()) await world.write(`c${world.dirty.length}`)
  world.forget()
  t.false(world.writeBehind.isFull())
})

test('a flush that ends after its partition was forgotten is told to nobody', async (t) => {
  const world = new WriteWorld()
  await world.write('a')
  world.duringStoreWrite = async () => world.forget()
  await world.clock.pass(1_000)
  t.truthy(await world.stored('a'), 'it was too late to stop it')
  t.is(world.writeBehind.checkpointOf(P), 0 as LogPosition)
  await world.clock.pass(10_000)
  t.deepEqual(await world.store.checkpoints(), new Map())
})

test('a flush of what a partition had before it went says nothing of what it has now', async (t) => {
  const world = new WriteWorld()
  await world.write('a')
  world.duringStoreWrite = async () => {
    world.duringStoreWrite = undefined
    world.forget()
    await world.replay()
    t.deepEqual(world.dirty, ['a'])
  }
  await world.clock.pass(1_000)
  t.deepEqual(world.dirty, ['a'], 'it came back dirty, and stays so')
  await world.clock.pass(1_000)
  t.deepEqual(world.dirty, [])
  t.is(world.storeWrites, 2)
  t.deepEqual(await world.store.checkpoints(), new Map([[P, 1 as LogPosition]]))
})

test('after such a flush the next one is told again', async (t) => {
  const world = new WriteWorld()
  await world.write('a')
  world.duringStoreWrite = async () => {
    world.duringStoreWrite = undefined
    world.forget()
  }
  await world.clock.pass(1_000)
  await world.replay()
  await world.clock.pass(1_000)
  t.deepEqual(world.dirty, [])
})

test('a flush that fails after its partition was forgotten is not tried again', async (t) => {
  const world = new WriteWorld()
  await world.write('a')
  world.duringStoreWrite = async () => {
    world.forget()
    world.storeFails = true
    await world.store.close()
    throw new Error('the connection is gone')
  }
  await world.clock.pass(60_000)
  t.is(world.storeWrites, 1)
})

test('nobody waits for the store to get what another owner has', async (t) => {
  const world = new WriteWorld()
  world.storeFails = true
  await world.write('a')
  const barrier = world.writeBehind.barrier(60_000)
  const closed = world.writeBehind.close(60_000)
  await world.clock.pass(5_000)
  world.forget()
  await barrier
  await world.clock.pass(20_000)
  t.true(await closed)
})

test('entries whose operation may be asked for again stay in the log, and go some time later', async (t) => {
  const world = new WriteWorld()
  world.keptFrom = 2 as LogPosition
  await world.write('a', 'b', 'a')
  await world.clock.pass(2_000)
  t.deepEqual(await world.store.checkpoints(), new Map([[P, 3 as LogPosition]]))
  t.deepEqual(await world.logPositions(), [2, 3])
  await world.clock.pass(30_000)
  t.deepEqual(await world.logPositions(), [2, 3])
  world.keptFrom = undefined
  await world.clock.pass(KEPT_CHECK_MS)
  t.deepEqual(await world.logPositions(), [3])
  t.is(world.storeWrites, 1)
})

test('a close does not wait for entries that are kept', async (t) => {
  const world = new WriteWorld()
  world.keptFrom = 1 as LogPosition
  await world.write('a')
  const closed = world.writeBehind.close(1_000)
  await world.clock.pass(0)
  t.true(await closed)
})

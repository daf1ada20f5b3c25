/** What a node does with its partitions when it, the log, the store or another owner fails. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import { codesOf, P } from '../testing/host-world.ts'
import { LOAD_CALL } from '../hand-off/hand-off-message.ts'
import { startServed, OwnershipWorld } from '../testing/ownership-world.ts'

const [FIRST, SECOND] = codesOf(P, 2) as [Code, Code]
const B = 'b' as NodeId
const RETRY_MS = 200

const start = () => startServed(FIRST)

/** Holds the next append of the log up until the returned function is called. */
function holdAppend({ disk }: OwnershipWorld): () => void {
  const held = Promise.withResolvers<void>()
  disk.log.onAppend = async (_, append) => {
    disk.log.onAppend = undefined
    await held.promise
    return append()
  }
  return held.resolve
}

test('a partition that is given to somebody else while it is opened is not kept', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  const release = holdAppend(world)
  await world.setRow([null, 0, 'a'])
  await world.setRow(['b', 1, null])
  release()
  await world.pass(10)
  t.is(a.epochOf(), undefined)
  t.deepEqual(a.control.opened, [])
})

test('an owner that was replaced drops the partition and looks at the newest table', async (t) => {
  const { world, a } = await start()
  const epoch = await world.disk.takeOver(B)
  a.control.onRefresh = async () => a.control.setRows([[P, ['b', epoch, null]]])
  await t.throwsAsync(a.create(SECOND), { code: 'log_replaced' })
  t.is(a.epochOf(), undefined)
  await world.pass(1_000)
  t.is(a.control.refreshes, 1)
  t.is((await world.disk.epochs()).length, 2, 'it does not take the partition from the new owner')
})

test('an owner that was replaced opens the partition again if the table still gives it', async (t) => {
  const { world, a } = await start()
  await world.disk.takeOver(B)
  await t.throwsAsync(a.create(SECOND), { code: 'log_replaced' })
  a.control.setRows([[P, ['a', 1, null]]])
  await world.pass(RETRY_MS - 1)
  t.is(a.epochOf(), undefined, 'whoever has opened it has a moment to say so')
  await world.pass(1)
  t.is(a.epochOf(), 3 as Epoch)
  t.deepEqual(a.control.opened, [{ partition: P, epoch: 3 as Epoch }])
})

test('a newest table that cannot be read holds nothing up for ever', async (t) => {
  const { world, a } = await start()
  await world.disk.takeOver(B)
  a.control.onRefresh = () => Promise.reject(new TinygridError('key_value_unavailable'))
  await t.throwsAsync(a.create(SECOND), { code: 'log_replaced' })
  await world.pass(RETRY_MS)
  t.is(a.epochOf(), 3 as Epoch)
})

test('a source that finds a new owner in the log lets go of the partition', async (t) => {
  const { world, a, b } = await start()
  const epoch = await world.disk.takeOver('c' as NodeId)
  a.control.onRefresh = async () => a.control.setRows([[P, ['c', epoch, null]]])
  await world.setRow(['a', 1, 'b'])
  t.is(a.epochOf(), undefined)
  t.is(b.epochOf(), undefined)
  t.is(a.control.refreshes, 1)
  await world.pass(1_000)
  t.is(a.epochOf(), undefined)
})

test('a node that is cut off opens nothing', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  a.control.isCutOff = true
  await world.setRow([null, 0, 'a'])
  await world.pass(1_000)
  t.deepEqual(await world.disk.epochs(), [])
  a.control.isCutOff = false
  await world.pass(RETRY_MS)
  t.is(a.epochOf(), 1 as Epoch)
})

test('while the log is away nothing is opened, and it is tried until it is back', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  let attempts = 0
  world.disk.log.onAppend = () => {
    attempts++
    return Promise.reject(new TinygridError('log_unavailable'))
  }
  await world.setRow([null, 0, 'a'])
  await world.pass(1_000)
  t.is(attempts, 6)
  t.is(a.errors.length, 6)
  t.is(a.epochOf(), undefined)
  world.disk.log.onAppend = undefined
  await world.pass(RETRY_MS)
  t.is(a.epochOf(), 1 as Epoch)
})

test('while the store is away partitions are opened without its checkpoints', async (t) => {
  const { world, a, b } = await start()
  await a.flush()
  const { store } = world.disk
  store.checkpoints = () => Promise.reject(new TinygridError('store_unavailable'))
  await world.setRow([null, 1, 'b'])
  await world.setRow(['b', 2, null])
  t.is(b.host.lookup(FIRST, world.disk.now()).kind, 'redirect')
  t.true(b.dirty.get(P)!.has(FIRST), 'replayed: it may be flushed a second time')
})

const OTHER = 9 as PartitionId

test('each partition of a take-over is told as it opens, however long the others take', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  const readAfter = world.disk.log.readAfter.bind(world.disk.log)
  const held = Promise.withResolvers<void>()
  world.disk.log.readAfter = async function* (partition, after) {
    if (partition === OTHER) await held.promise
    yield* readAfter(partition, after)
  }
  const wanted = [null, 0, 'a'] as const
  a.control.setRows([
    [P, wanted],
    [OTHER, wanted],
  ])
  await world.pass(10)
  t.deepEqual(a.control.opened, [{ partition: P, epoch: 1 as Epoch }])
  held.resolve()
  await world.pass(10)
  t.is(a.control.opened.length, 2)
})

test('a partition that cannot be opened keeps no other waiting', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  const append = world.disk.log.append.bind(world.disk.log)
  world.disk.log.append = async (id, payload, last) => {
    if (id === P) throw new TinygridError('log_unavailable')
    return append(id, payload, last)
  }
  a.control.setRows([[P, [null, 0, 'a']]])
  await world.pass(10)
  t.is(a.errors.length, 1)
  a.control.setRows([[OTHER, [null, 0, 'a']]])
  await world.pass(10)
  t.deepEqual(a.control.opened, [{ partition: OTHER, epoch: 1 as Epoch }])
})

test('nobody is brought a partition that it has, has released, or may not have', async (t) => {
  const { world, a, b } = await start()
  const peers = world.network.join('stranger' as NodeId)
  const piece = { stage: 'bulk', versions: '', operations: '' }
  const message = { ...piece, partition: P, move: 'unheard-of', sequence: 0, tableVersion: 1 }
  const offer = async (to: string, more: object = {}) => {
    const answer = peers.call(to as NodeId, LOAD_CALL, { ...message, ...more }, 1_000)
    await world.pass(0)
    return answer
  }
  t.deepEqual(await offer('a'), { isKnown: false }, 'it serves the partition')
  t.deepEqual(await offer('b', { partition: 4_095 }), { isKnown: false }, 'there is none')
  b.control.isCutOff = true
  t.deepEqual(await offer('b'), { isKnown: false }, 'it is cut off')
  b.control.isCutOff = false
  await world.setRow(['a', 1, 'b'])
  t.is(a.control.released.length, 1)
  t.deepEqual(await offer('a'), { isKnown: false }, 'it has released the partition')
  const release = holdAppend(world)
  await world.setRow([null, 1, 'c'])
  const c = world.node('c')
  await world.setRow([null, 1, 'c'])
  t.deepEqual(await offer('c'), { isKnown: false }, 'it opens the partition from the log')
  release()
  await world.pass(10)
  t.is(c.epochOf(), 3 as Epoch)
  b.ownership.stop()
  t.deepEqual(await offer('b'), { isKnown: false }, 'it has stopped')
})

test('a partition that a node has stopped to want while it opens it is not taken in', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  const release = holdAppend(world)
  await world.setRow([null, 0, 'a'])
  a.ownership.stop()
  release()
  await world.pass(100)
  t.is(a.epochOf(), undefined)
})

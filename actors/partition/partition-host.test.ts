/** A host answers for what it serves, and tells everybody else where it stands. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { OPERATION_KEPT_MS } from '../../links/link-owner.ts'
import {
  toEpochMs,
  toLogPosition,
  type Code,
  type Epoch,
  type NodeId,
  type PartitionId,
} from '../../links/ids.ts'
import { codesOf, Disk, HostWorld, P } from '../testing/host-world.ts'

const [FIRST, SECOND] = codesOf(P, 2) as [Code, Code]
const REDIRECT = { kind: 'redirect', url: 'https://example.org/' }
const OTHER = 'other' as NodeId

const OTHER_PARTITION = (P + 1) as PartitionId

/** Two partitions on a host that may have one append under way. */
async function startTwo(disk: Disk) {
  const world = new HostWorld('a', disk, undefined, 1)
  await world.open()
  await world.open(OTHER_PARTITION)
  /** How many links each batch in the log has. */
  const records = async (partition: PartitionId) => {
    const logged = await disk.records(partition)
    return logged.flatMap((one) => (one.kind === 'batch' ? [one.records.length] : []))
  }
  return { host: world.host, create: (code: Code) => world.create(code), records }
}

async function start(bytesMax?: number) {
  const disk = new Disk()
  const world = new HostWorld('a', disk, bytesMax)
  const actor = await world.open()
  const lookup = (code: Code) => world.host.lookup(code, disk.now())
  return { disk, world, actor, host: world.host, lookup }
}

test('a partition that is here is not answered for until it is served', async (t) => {
  const { world, disk } = await start()
  await world.create(FIRST)
  const actor = world.host.actors.get(P)!
  world.host.drop(P)
  const { host } = new HostWorld('b', disk)
  actor.seal()
  host.adopt(P, actor)
  t.is(host.lookup(FIRST, disk.now()).kind, 'unknown')
  host.serve(P)
  t.deepEqual(host.lookup(FIRST, disk.now()), REDIRECT)
})

test('who knows that a partition was opened here is answered before the table says so', async (t) => {
  const { disk, world } = await start()
  await world.create(FIRST)
  const before = world.host.actors.get(P)!
  world.host.drop(P)
  const other = new HostWorld('b', disk)
  const { epoch, memory, operations, lastPosition } = before
  const actor = other.newActor({ id: P, epoch, memory, operations, lastPosition })
  actor.seal()
  other.host.adopt(P, actor)
  t.like(await other.host.read(FIRST), { url: 'https://example.org/' })
  t.like(await other.host.find(FIRST), { lookup: REDIRECT, source: 'owner' })
  const write = other.create(SECOND)
  await disk.clock.pass(100)
  t.is((await disk.truth()).size, 1, 'writes wait for the table')
  other.host.serve(P)
  other.host.unseal(P, epoch, lastPosition)
  t.like(await write, { kind: 'created' })
})

test('what is not here is refused', async (t) => {
  const { host } = await start()
  const code = codesOf(1 as PartitionId, 1)[0]!
  t.is(host.lookup(code, 0 as never).kind, 'unknown')
  await t.throwsAsync(host.read(code), { code: 'not_owner' })
  await t.throwsAsync(host.find(code), { code: 'not_owner' })
  await t.throwsAsync(host.write({ kind: 'visit', code }), { code: 'not_owner' })
})

test('a node that is cut off says nothing as an owner, and only what cannot hurt otherwise', async (t) => {
  const { world, host, lookup, disk } = await start()
  await world.create(FIRST)
  await world.create(SECOND, { maxVisits: 2, reuse: false })
  world.isFenced = true
  t.is(lookup(FIRST).kind, 'unknown')
  await t.throwsAsync(host.read(FIRST), { code: 'owner_unavailable' })
  await t.throwsAsync(host.find(FIRST), { code: 'owner_unavailable' })
  await t.throwsAsync(host.write({ kind: 'delete', code: FIRST }), { code: 'owner_unavailable' })
  t.deepEqual(host.staleLookup(FIRST, disk.now()), REDIRECT)
  t.is(host.staleLookup(SECOND, disk.now()).kind, 'unknown', 'a visit must be counted')
  t.is(host.staleLookup(codesOf(P, 3)[2]!, disk.now()).kind, 'unknown', 'never that there is none')
  world.isFenced = false
  t.deepEqual(lookup(FIRST), REDIRECT)
})

test('a node that is cut off says of a link that it is not valid yet', async (t) => {
  const { world, host, disk } = await start()
  await world.create(FIRST, { validFrom: toEpochMs(disk.now() + 1_000), reuse: false })
  world.isFenced = true
  t.is(host.staleLookup(FIRST, disk.now()).kind, 'scheduled')
})

test('a deleted link is gone to a stale look-up too, and what is not here is unknown', async (t) => {
  const { world, host, disk } = await start()
  await world.create(FIRST)
  await host.write({ kind: 'delete', code: FIRST })
  t.deepEqual(host.staleLookup(FIRST, disk.now()), { kind: 'gone', reason: 'deleted' })
  t.is(host.staleLookup(codesOf(1 as PartitionId, 1)[0]!, disk.now()).kind, 'unknown')
})

test('who waits when a partition is dropped is told the owner; of the last batch nobody knows', async (t) => {
  const { world, host, disk } = await start()
  disk.log.onAppend = () => new Promise(() => {})
  disk.store.get = () => new Promise(() => {})
  const inFlight = t.throwsAsync(world.create(FIRST), { code: 'log_uncertain' })
  await disk.clock.pass(0)
  const waiting = t.throwsAsync<TinygridError>(world.create(SECOND), { code: 'not_owner' })
  const owner = { owner: OTHER, epoch: 2 as Epoch }
  host.drop(P, owner)
  await inFlight
  t.deepEqual((await waiting)?.owner, owner)
  t.false(host.isServing(P))
  t.is(world.bound.bytes, 0)
})

test('a seal is over when the batch in flight has ended, well or badly, or the partition is gone', async (t) => {
  for (const end of ['appended', 'refused', 'dropped']) {
    const { world, host, disk } = await start()
    const held = Promise.withResolvers<void>()
    disk.log.onAppend = async (_, append) => {
      await held.promise
      if (end === 'refused') throw new TinygridError('log_full')
      return append()
    }
    const write = world.create(FIRST).catch((error: TinygridError) => error)
    await disk.clock.pass(0)
    let isSealed = false
    const sealed = host.seal(P).then(() => {
      isSealed = true
    })
    await disk.clock.pass(100)
    t.false(isSealed)
    if (end === 'dropped') host.drop(P)
    else held.resolve()
    await sealed
    await write
    t.true(isSealed)
  }
})

test('the seal of a partition at rest is there at once', async (t) => {
  const { world, host, disk, actor } = await start()
  await host.seal(P)
  const write = world.create(FIRST)
  await disk.clock.pass(100)
  host.unseal(P, 1 as Epoch, actor.lastPosition)
  t.like(await write, { kind: 'created' })
})

test('what ends after a partition was dropped is told to nobody', async (t) => {
  const { world, host, disk } = await start()
  const held = Promise.withResolvers<void>()
  disk.log.onAppend = async (_, append) => {
    await held.promise
    return append()
  }
  const write = t.throwsAsync(world.create(FIRST), { code: 'log_uncertain' })
  await disk.clock.pass(0)
  host.drop(P)
  await write
  world.dirty.clear()
  held.resolve()
  await disk.clock.pass(1_000)
  t.is(world.dirty.size, 0)
  t.is((await disk.truth()).size, 1)
})

test('an owner that the log refuses is told of, and decides nothing more', async (t) => {
  const { world, host, disk } = await start()
  const replaced: PartitionId[] = []
  world.onReplaced = (partition) => replaced.push(partition)
  await disk.takeOver(OTHER)
  await t.throwsAsync(world.create(FIRST), { code: 'log_replaced' })
  t.true(replaced.includes(P))
  await t.throwsAsync(world.create(SECOND), { code: 'log_replaced' })
  t.is(host.counters.logErrors, 1)
})

test('while the store has to catch up, changes are refused and everything else is answered', async (t) => {
  const { world, lookup } = await start()
  const request = { reuse: false, operationId: 'one' }
  await world.create(FIRST, request)
  world.isFull = true
  await t.throwsAsync(world.create(SECOND), { code: 'log_full' })
  t.like(await world.create(FIRST, request), { kind: 'created' })
  t.deepEqual(lookup(FIRST), REDIRECT)
})

test('the log is kept from the oldest operation on that may be asked for again', async (t) => {
  const { world, host, disk } = await start()
  t.is(host.keptFrom(P), undefined)
  await world.create(FIRST)
  await world.create(SECOND, { operationId: 'one' })
  t.is(host.keptFrom(P), toLogPosition(3))
  await disk.clock.pass(OPERATION_KEPT_MS)
  t.is(host.keptFrom(P), undefined)
  t.is(host.keptFrom(1 as PartitionId), undefined)
})

test('older operations are read soon, and at once when they are wanted', async (t) => {
  const { world, host, disk } = await start()
  await world.create(FIRST, { operationId: 'one' })
  for (const isWanted of [false, true]) {
    host.drop(P)
    const { operations } = await world.open(P, await disk.log.last(P))
    if (isWanted) host.recall(P)
    await disk.clock.pass(10)
    t.is(operations.isComplete, isWanted)
    await disk.clock.pass(10_000)
    t.like(operations.answerTo('one'), { kind: 'created' })
  }
})

test('memory over its bound is freed as links become clean', async (t) => {
  const { world, host, lookup } = await start(20_000)
  const codes = codesOf(P, 200)
  await Promise.all(
    codes.map((code) => world.create(code, { url: `https://e.org/${'x'.repeat(500)}` })),
  )
  t.true(world.bound.excess > 0)
  t.is(host.counters.evictions, 0, 'what the store does not have stays')
  await world.flush()
  // A little with each change, so that no request has to wait for it.
  for (let changes = 0; changes < 20; changes++) host.flushed(P, [])
  t.true(world.bound.excess <= 0, `${world.bound.bytes}`)
  t.true(host.counters.evictions > 0)
  const evicted = codes.find((code) => lookup(code).kind === 'unknown')!
  t.like(await host.read(evicted), { code: evicted })
  t.is(host.counters.readThroughs, 1)
})

test('a stop waits for what is under way and takes nothing new', async (t) => {
  const { world, host, disk } = await start()
  const held = Promise.withResolvers<void>()
  disk.log.onAppend = async (_, append) => {
    await held.promise
    return append()
  }
  const write = world.create(FIRST)
  let isStopped = false
  const stopped = host.stop().then(() => {
    isStopped = true
  })
  await t.throwsAsync(world.create(SECOND), { code: 'shutting_down' })
  await disk.clock.pass(1_000)
  t.false(isStopped)
  held.resolve()
  await disk.clock.pass(100)
  await stopped
  t.like(await write, { kind: 'created' })
})

test('while as many appends as may be are under way, partitions wait and gather writes', async (t) => {
  const disk = new Disk()
  const { host, create, records } = await startTwo(disk)
  const held = Promise.withResolvers<void>()
  disk.log.onAppend = (_, append) => held.promise.then(append)
  const writes = [create(FIRST)]
  await disk.clock.pass(0)
  for (const code of codesOf(OTHER_PARTITION, 3)) {
    writes.push(create(code))
    await disk.clock.pass(0)
  }
  held.resolve()
  for (const write of writes) t.like(await write, { kind: 'created' })
  t.deepEqual(await records(P), [1])
  t.deepEqual(await records(OTHER_PARTITION), [3], 'one entry has all that came meanwhile')
  t.is(host.counters.logAppends, 2)
})

/** What a partition was asked lately goes along with its links, and writes wait for little of it. */
import test from 'ava'
import type { Code } from '../../links/ids.ts'
import { LOAD_CALL, OPEN_CALL, unpackOperations, type LoadMessage } from './hand-off-message.ts'
import { HandOffWorld } from '../testing/hand-off-world.ts'
import { codesOf, HostWorld, P } from '../testing/host-world.ts'

const CODES = codesOf(P, 300)
const FIRST = CODES[0]!
const PIECE_BYTES = 32_000
const longUrl = (code: Code) => `https://example.org/${code}/${'x'.repeat(1_000)}`
const asked = (code: Code) => ({ url: longUrl(code), operationId: `op-${code}`, reuse: false })

const isLast = ({ params }: { params: unknown }) => (params as LoadMessage).stage === 'last'

/** By call: how many operations each message of this name brought. */
function broughtBy(world: HandOffWorld, name: string): number[] {
  const calls = world.calls.filter((call) => call.name === name)
  return calls.map(({ params }) => unpackOperations((params as LoadMessage).operations).length)
}

test('what was asked before the move is answered alike after it', async (t) => {
  const world = await HandOffWorld.start()
  const first = await world.a.create(FIRST, asked(FIRST))
  await world.a.host.write({ kind: 'delete', code: FIRST })
  await world.move()
  const records = (await world.disk.records()).length
  t.deepEqual(await world.b.create(FIRST, asked(FIRST)), first)
  t.is((await world.disk.records()).length, records)
})

test('what was asked before the move is there before writes wait', async (t) => {
  const world = await HandOffWorld.start(PIECE_BYTES)
  await Promise.all(CODES.map((code) => world.a.create(code, asked(code))))
  await world.move()
  const loads = broughtBy(world, LOAD_CALL)
  t.is(
    loads.reduce((sum, count) => sum + count, 0),
    CODES.length,
  )
  t.deepEqual(broughtBy(world, OPEN_CALL), [0])
  const sizes = world.calls.map(({ params }) => JSON.stringify(params).length)
  t.true(Math.max(...sizes) < 1.5 * PIECE_BYTES, String(Math.max(...sizes)))
  t.deepEqual(
    [...world.actorOfB.operations.all()].map(({ id }) => id),
    CODES.map((code) => `op-${code}`),
  )
})

test('what is asked while it streams goes last, and each once', async (t) => {
  const world = await HandOffWorld.start(PIECE_BYTES)
  const [before, during] = [CODES.slice(0, 100), CODES.slice(100, 110)]
  await Promise.all(before.map((code) => world.a.create(code, asked(code))))
  const move = world.begin()
  while (!world.calls.some(isLast)) await world.pass(1)
  const first = await Promise.all(during.map((code) => world.a.create(code, asked(code))))
  await world.pass(1_000)
  world.handOver(move.outcome)
  t.deepEqual(broughtBy(world, OPEN_CALL), [during.length])
  t.is(world.actorOfB.operations.size, 110)
  t.deepEqual(await world.b.create(during[3]!, asked(during[3]!)), first[3])
})

test('what an earlier owner was asked is read from the log before writes wait', async (t) => {
  const world = new HandOffWorld(PIECE_BYTES)
  const earlier = new HostWorld('earlier', world.disk)
  await earlier.open()
  const first = await earlier.create(FIRST, asked(FIRST))
  await world.a.open(P, await world.log.last(P))
  const read = world.log.readAfter.bind(world.log)
  const held = Promise.withResolvers<void>()
  world.log.readAfter = async function* (...args) {
    await held.promise
    yield* read(...args)
  }
  const move = world.begin()
  await world.pass(1_000)
  t.like(await world.a.create(CODES[1]!), { kind: 'created' })
  t.is(move.outcome, undefined)
  held.resolve()
  await world.pass(1_000)
  world.handOver(move.outcome)
  t.deepEqual(broughtBy(world, OPEN_CALL), [0])
  const records = (await world.disk.records()).length
  t.deepEqual(await world.b.create(FIRST, asked(FIRST)), first)
  t.is((await world.disk.records()).length, records)
})

/** A move that is sealed while a batch of a hundred links is under way; `go` lets the batch end. */
async function sealedBehindBatch() {
  const world = await HandOffWorld.start(PIECE_BYTES)
  const held = Promise.withResolvers<void>()
  world.log.onAppend = async (record, append) => {
    if (record.kind === 'batch') await held.promise
    return append()
  }
  const writes = CODES.slice(0, 100).map((code) => world.a.create(code, asked(code)))
  const created = Promise.allSettled(writes).then((results) => {
    return results.filter(({ status }) => status === 'fulfilled').length
  })
  const move = world.begin()
  await world.pass(100)
  return { world, move, created, go: () => held.resolve() }
}

test('a large batch that ends when writes wait already goes in messages of a bounded size', async (t) => {
  const { world, move, created, go } = await sealedBehindBatch()
  go()
  await world.pass(1_000)
  world.handOver(move.outcome)
  const sizes = world.calls.map(({ params }) => JSON.stringify(params).length)
  t.true(sizes.length > 4 && Math.max(...sizes) < 1.5 * PIECE_BYTES, sizes.join())
  t.true((await created) > 80)
  t.is(world.actorOfB.memory.size, await created)
  t.is(world.actorOfB.operations.size, await created)
})

test('a target that is lost on the way of such a batch opens nothing, and writes go on', async (t) => {
  const { world, move, created, go } = await sealedBehindBatch()
  world.network.cut(world.b.nodeId)
  go()
  await world.pass(5_000)
  t.deepEqual(move.outcome, { kind: 'kept' })
  t.deepEqual(broughtBy(world, OPEN_CALL), [])
  t.is(world.actorOfA.lastPosition, await world.log.last(P))
  t.is(await created, 100)
})

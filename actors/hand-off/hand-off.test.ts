/** A partition moves with everything that it knows, while it serves. */
import test, { type ExecutionContext } from 'ava'
import type { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { NOBODYS_HASH } from '../../links/testing/any-options.ts'
import { SHORT_RULES } from '../../links/testing/sample-rules.ts'
import { HandOffWorld } from '../testing/hand-off-world.ts'
import { OPEN_CALL, type LoadMessage } from './hand-off-message.ts'
import { codesOf, P } from '../testing/host-world.ts'
import type { ScannedVersion } from '../memory/table-scan.ts'
import type { PartitionMemory } from '../memory/partition-memory.ts'

const CODES = codesOf(P, 200)
const [FIRST, SECOND, THIRD] = CODES as [Code, Code, Code]
/** Makes a link so large that a few of them fill a chunk. */
const longUrl = (text: string) => `https://example.org/${text}/${'x'.repeat(1_000)}`

async function withLinks(count: number, pieceBytes?: number): Promise<HandOffWorld> {
  const world = await HandOffWorld.start(pieceBytes)
  const creates = CODES.slice(0, count).map((code) => world.a.create(code, { url: longUrl(code) }))
  await Promise.all(creates)
  return world
}

const isOpen = ({ name, kind }: { name: string; kind: string }) => {
  return name === OPEN_CALL && kind === 'call'
}

/** Whatever is in memory, in order of code. */
function contentOf(memory: PartitionMemory): ScannedVersion[] {
  const content = new Map<Code, ScannedVersion>()
  const next = memory.scan()
  for (let piece = next(); piece !== undefined; piece = next()) {
    for (const version of piece) content.set(version.code, version)
  }
  return [...content.values()].sort((x, y) => (x.code < y.code ? -1 : 1))
}

async function assertAllIsThere(t: ExecutionContext, world: HandOffWorld): Promise<void> {
  const truth = await world.disk.truth()
  for (const [code, { position }] of truth) {
    t.is(world.b.host.versionOf(P, code)?.position, position, code)
  }
  t.is(world.actorOfB.memory.size, truth.size)
}

test('a move brings every link as it is: clean, dirty, deleted and purged', async (t) => {
  const world = await withLinks(40)
  const { host } = world.a
  await host.write({ kind: 'delete', code: FIRST })
  await world.a.flush(CODES.slice(0, 20))
  await host.write({ kind: 'purge', code: SECOND })
  await host.write({ kind: 'delete', code: THIRD })
  const before = contentOf(world.actorOfA.memory)
  t.is(before.filter(({ isDirty }) => isDirty).length, 22)
  await world.move()
  t.deepEqual(contentOf(world.actorOfB.memory), before)
  t.true(world.actorOfB.memory.isComplete)
  t.deepEqual(host.actors.size, 0)
})

test('after a move the new owner decides by the same rules, and has the same password', async (t) => {
  const world = await withLinks(3)
  const visitor = { devices: ['mobile', 'ios'], language: '', country: '', draw: 0 } as const
  const options = { rules: SHORT_RULES[0]!, passwordHash: NOBODYS_HASH }
  await world.a.host.write({ kind: 'update', code: FIRST, changes: options })
  const before = await world.a.host.resolve(FIRST, visitor)
  t.like(before, { kind: 'resolved', rule: 1 })
  await world.move()
  t.deepEqual(await world.b.host.resolve(FIRST, visitor), before)
  t.like(await world.b.host.read(FIRST), options)
  t.is((await world.b.host.find(FIRST)).lookup.kind, 'protected')
})

test('the new owner flushes what the old one did not', async (t) => {
  const world = await withLinks(3)
  await world.a.flush([FIRST])
  await world.move()
  t.deepEqual([...world.b.dirty.get(P)!.keys()].sort(), [SECOND, THIRD].sort())
  t.is(world.b.applied.get(P), await world.log.last(P))
  await world.b.flush()
  t.truthy(await world.disk.store.get(THIRD))
})

test('links go in messages of a bounded size', async (t) => {
  for (const [pieceBytes, pieces] of [
    [30_000, 2],
    [1_000_000, 1],
  ] as const) {
    const world = await withLinks(40, pieceBytes)
    await world.move()
    const bulk = world.calls.filter(({ params }) => (params as LoadMessage).stage === 'bulk')
    t.is(bulk.length, pieces)
    await assertAllIsThere(t, world)
  }
})

test('an empty partition moves too, and stays complete', async (t) => {
  const world = await HandOffWorld.start()
  await world.move()
  t.is(world.b.host.lookup(FIRST, world.disk.now()).kind, 'absent')
})

test('an owner that does not know every link does not make one that does', async (t) => {
  const world = await withLinks(20)
  await world.a.flush()
  t.true(world.actorOfA.memory.evict(1).links > 0)
  await world.move()
  t.false(world.actorOfB.memory.isComplete)
  t.is(world.b.host.lookup('c3000' as Code, world.disk.now()).kind, 'unknown')
})

test('what is evicted while it streams is unknown to the new owner, not absent', async (t) => {
  const world = await withLinks(40)
  await world.a.flush()
  const move = world.begin()
  await world.pass(5)
  while (world.actorOfA.memory.size > 0) world.actorOfA.memory.evict(1e6)
  await world.pass(1_000)
  world.handOver(move.outcome)
  t.true(world.actorOfB.memory.size < 40)
  for (const code of CODES.slice(0, 40)) {
    t.not(world.b.host.lookup(code, world.disk.now()).kind, 'absent')
  }
})

test('a load that ends while it streams does not make the new owner complete', async (t) => {
  const world = await withLinks(40)
  await world.a.flush()
  world.actorOfA.memory.evict(1)
  world.actorOfA.memory.startLoad()
  const move = world.begin()
  await world.pass(5)
  world.actorOfA.memory.endLoad()
  await world.pass(1_000)
  world.handOver(move.outcome)
  t.false(world.actorOfB.memory.isComplete)
})

test('changes made while it streams arrive, dirty, in messages of a bounded size', async (t) => {
  const world = await withLinks(20, 32_000)
  await world.a.flush()
  const move = world.begin()
  await world.pass(1)
  const title = 'y'.repeat(200)
  const tags = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(40))
  const fields = { title, tags, url: longUrl('z'.repeat(2_500)) }
  const changed = CODES.slice(10).map((code, index) => {
    const update = { kind: 'update', code, changes: fields } as const
    return index < 10 ? world.a.host.write(update) : world.a.create(code, fields)
  })
  await Promise.all(changed)
  await world.a.host.write({ kind: 'purge', code: FIRST })
  t.is(move.outcome, undefined)
  await world.pass(1_000)
  world.handOver(move.outcome)
  await assertAllIsThere(t, world)
  t.is(world.b.dirty.get(P)?.size, CODES.length - 9)
  t.is(world.b.host.lookup(FIRST, world.disk.now()).kind, 'absent')
  const sizes = world.calls.map(({ params }) => JSON.stringify(params).length)
  t.true(Math.max(...sizes) > 40_000 && Math.max(...sizes) < 60_000, `${Math.max(...sizes)}`)
})

test('a link that is flushed after it was sent is dirty at its new owner, and no harm done', async (t) => {
  const world = await withLinks(40)
  const move = world.begin()
  await world.pass(30)
  await world.a.flush()
  await world.pass(1_000)
  world.handOver(move.outcome)
  await assertAllIsThere(t, world)
  await world.b.flush()
  t.true(contentOf(world.actorOfB.memory).every(({ isDirty }) => !isDirty))
})

test('reads are answered by the old owner until it releases the partition', async (t) => {
  const world = await withLinks(40)
  const move = world.begin()
  const url = longUrl(FIRST)
  while (move.outcome === undefined) {
    t.deepEqual(world.a.host.lookup(FIRST, world.disk.now()), { kind: 'redirect', url })
    t.is(world.b.host.lookup(FIRST, world.disk.now()).kind, 'unknown')
    await world.pass(1)
  }
  world.handOver(move.outcome)
  t.is(world.a.host.lookup(FIRST, world.disk.now()).kind, 'unknown')
  t.deepEqual(world.b.host.lookup(FIRST, world.disk.now()), { kind: 'redirect', url })
})

test('writes that wait for the end of a move are sent on to the new owner', async (t) => {
  const world = await withLinks(1)
  world.delaysOf = (message) => (isOpen(message) ? [20] : [1])
  const move = world.begin()
  while (!world.messages.some(isOpen)) await world.pass(1)
  const sealedAt = world.disk.clock.now()
  const write = t.throwsAsync<TinygridError>(world.a.create(SECOND), { code: 'not_owner' })
  await world.pass(100)
  t.like(move.outcome, { kind: 'moved', sealedAt })
  world.handOver(move.outcome)
  t.deepEqual((await write)?.owner, { owner: world.b.nodeId, epoch: world.actorOfB.epoch })
  t.like(await world.b.create(SECOND), { kind: 'created' })
})

test('the batch in flight ends before the partition is sealed, and goes along', async (t) => {
  const world = await HandOffWorld.start()
  const held = Promise.withResolvers<void>()
  world.log.onAppend = async (record, append) => {
    if (record.kind === 'batch') await held.promise
    return append()
  }
  const write = world.a.create(FIRST)
  const move = world.begin()
  await world.pass(1_000)
  t.is(move.outcome, undefined)
  t.false(world.calls.some(({ name }) => name === OPEN_CALL))
  held.resolve()
  t.like(await write, { kind: 'created' })
  await world.pass(100)
  world.handOver(move.outcome)
  await assertAllIsThere(t, world)
  t.true(world.b.dirty.get(P)!.has(FIRST))
})

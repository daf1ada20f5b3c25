/** How a move ends when the target, the network or the log fails on the way. */
import test, { type ExecutionContext } from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, NodeId } from '../../links/ids.ts'
import type { PeerMessage } from '../../cluster/testing/memory-peers.ts'
import { HandOffWorld } from '../testing/hand-off-world.ts'
import { LOAD_CALL, OPEN_CALL } from './hand-off-message.ts'
import { codesOf, P } from '../testing/host-world.ts'

const [FIRST, SECOND] = codesOf(P, 2) as [Code, Code]
const A = 'a' as NodeId
const B = 'b' as NodeId

async function withOneLink(): Promise<HandOffWorld> {
  const world = await HandOffWorld.start()
  await world.a.create(FIRST)
  return world
}

/** Messages of this kind are lost from now on. */
function lose(world: HandOffWorld, name: string, kind: PeerMessage['kind']): void {
  world.delaysOf = (message) => (message.name === name && message.kind === kind ? [] : [1])
}

const opens = (world: HandOffWorld) => world.calls.filter(({ name }) => name === OPEN_CALL).length

/** `a` has the partition, in this epoch; nobody else can write to it. */
async function assertKept(t: ExecutionContext, world: HandOffWorld, epoch: number): Promise<void> {
  t.is(world.actorOfA.epoch, epoch as Epoch)
  t.is(world.actorOfA.lastPosition, await world.log.last(P))
  t.like(await world.a.host.write({ kind: 'delete', code: FIRST }), { kind: 'done' })
}

test('a target that is not there costs nothing: the source has never stopped', async (t) => {
  const world = await withOneLink()
  world.network.cut(B)
  const move = world.begin()
  t.like(await world.a.create(SECOND), { kind: 'created' })
  await world.pass(1_000)
  t.deepEqual(move.outcome, { kind: 'kept' })
  t.is((await world.disk.epochs()).length, 1)
  await assertKept(t, world, 1)
})

test('a target that will not take the partition is not asked twice', async (t) => {
  const world = await withOneLink()
  world.mayTake = false
  const move = world.begin()
  await world.pass(10)
  t.deepEqual(move.outcome, { kind: 'kept' })
  t.is(world.calls.length, 1)
  await assertKept(t, world, 1)
})

test('a move that nobody wants any more ends with the next piece', async (t) => {
  const world = await withOneLink()
  const url = `https://example.org/${'x'.repeat(2_000)}`
  await Promise.all(codesOf(P, 20).map((code) => world.a.create(code, { url })))
  const move = world.begin()
  await world.pass(1)
  world.isWanted = false
  await world.pass(10)
  t.deepEqual(move.outcome, { kind: 'kept' })
  t.is(world.calls.length, 1)
  await assertKept(t, world, 1)
})

test('a target that dies before it opens: the source takes the partition back', async (t) => {
  const world = await withOneLink()
  lose(world, OPEN_CALL, 'call')
  const move = world.begin()
  await world.pass(3_500)
  t.is(opens(world), 4, 'asked again for as long as the target lives')
  const write = world.a.create(SECOND)
  world.isWanted = false
  await world.pass(2_000)
  t.deepEqual(move.outcome, { kind: 'kept' })
  t.like(await write, { kind: 'created' })
  await assertKept(t, world, 2)
})

test('a target that dies after it has opened: the source opens a still newer epoch', async (t) => {
  const world = await withOneLink()
  lose(world, OPEN_CALL, 'answer')
  const move = world.begin()
  await world.pass(500)
  t.is(world.actorOfB.epoch, 2 as Epoch)
  const write = world.a.create(SECOND)
  world.isWanted = false
  await world.pass(2_000)
  t.deepEqual(move.outcome, { kind: 'kept' })
  t.like(await write, { kind: 'created' })
  await assertKept(t, world, 3)
  t.deepEqual(
    (await world.disk.epochs()).map((record) => 'nodeId' in record && record.nodeId),
    [A, B, A],
  )
})

test('an answer to open that is lost is given again, and nothing is opened twice', async (t) => {
  const world = await withOneLink()
  lose(world, OPEN_CALL, 'answer')
  const move = world.begin()
  await world.pass(1_500)
  const { actorOfB } = world
  world.delaysOf = () => [1]
  await world.pass(1_000)
  t.is(opens(world), 3)
  t.like(move.outcome, { kind: 'moved', epoch: 2 as Epoch })
  t.is(world.actorOfB, actorOfB, 'taken in once')
  t.is((await world.disk.epochs()).length, 2)
})

test('the epoch record of a target that was given up is refused, however late', async (t) => {
  const world = await withOneLink()
  const held = Promise.withResolvers<void>()
  world.log.onAppend = async (record, append) => {
    if (record.kind === 'epoch' && record.nodeId === B) await held.promise
    return append()
  }
  const move = world.begin()
  await world.pass(200)
  world.isWanted = false
  await world.pass(2_000)
  t.deepEqual(move.outcome, { kind: 'kept' })
  held.resolve()
  await world.pass(2_000)
  t.false(world.b.host.actors.has(P))
  await assertKept(t, world, 2)
})

test('a source that was replaced while it streams finds out and says so', async (t) => {
  const world = await withOneLink()
  const move = world.begin()
  const epoch = await world.disk.takeOver('c' as NodeId)
  await world.pass(100)
  t.deepEqual(move.outcome, { kind: 'lost' })
  t.false(world.b.host.actors.has(P))
  t.is((await world.disk.epochs()).at(-1)?.epoch, epoch)
})

test('a target that took the partition over from the log has not got it by the move', async (t) => {
  const world = await withOneLink()
  lose(world, OPEN_CALL, 'call')
  const move = world.begin()
  await world.pass(200)
  // Declared dead: the table gives the partition to the same node, which knows no move any more.
  await world.disk.takeOver(B)
  world.isWanted = false
  await world.pass(2_000)
  t.deepEqual(move.outcome, { kind: 'lost' })
  t.is((await world.disk.epochs()).length, 2)
})

test('a source that was replaced after the target has opened does not take it back', async (t) => {
  const world = await withOneLink()
  lose(world, OPEN_CALL, 'answer')
  const move = world.begin()
  await world.pass(200)
  await world.disk.takeOver('c' as NodeId)
  world.isWanted = false
  await world.pass(2_000)
  t.deepEqual(move.outcome, { kind: 'lost' })
})

test('a source that writes on while the log is away opens its epoch when it is back', async (t) => {
  const world = await withOneLink()
  lose(world, OPEN_CALL, 'call')
  const move = world.begin()
  await world.pass(200)
  world.isWanted = false
  let failures = 0
  world.log.onAppend = async (_, append) => {
    failures++
    if (failures === 1) throw new TinygridError('log_unavailable')
    const position = await append()
    if (failures === 2) throw new TinygridError('log_uncertain')
    return position
  }
  await world.pass(2_000)
  t.deepEqual(move.outcome, { kind: 'kept' })
  await assertKept(t, world, 3)
})

test('what changed before a failed move is not forgotten by the next one', async (t) => {
  const world = await withOneLink()
  lose(world, LOAD_CALL, 'answer')
  const failed = world.begin()
  await world.pass(10)
  await world.a.create(SECOND)
  await world.pass(2_000)
  t.deepEqual(failed.outcome, { kind: 'kept' })
  world.delaysOf = () => [1]
  await world.move()
  for (const code of [FIRST, SECOND])
    t.is(world.b.host.lookup(code, world.disk.now()).kind, 'redirect')
})

for (const [when, ms] of [
  ['while it streams', 0],
  ['while it waits for the target', 200],
] as const) {
  test(`a partition that is given up ${when} is gone, and its move ends`, async (t) => {
    const world = await withOneLink()
    lose(world, OPEN_CALL, 'call')
    const move = world.begin()
    await world.pass(ms)
    const write = t.throwsAsync(world.a.host.write({ kind: 'delete', code: FIRST }), {
      code: ms === 0 ? 'log_uncertain' : 'not_owner',
    })
    if (ms === 0) await Promise.resolve()
    world.a.host.drop(P)
    await write
    await world.pass(2_000)
    t.deepEqual(move.outcome, { kind: 'gone' })
    t.is((await world.disk.epochs()).length, 1)
  })
}

test('a partition that is given up while its last batch ends is gone', async (t) => {
  const world = await withOneLink()
  world.log.onAppend = () => new Promise(() => {})
  void world.a.create(SECOND).catch(() => {})
  const move = world.begin()
  await world.pass(100)
  t.is(move.outcome, undefined)
  world.a.host.drop(P)
  await world.pass(100)
  t.deepEqual(move.outcome, { kind: 'gone' })
  t.is(opens(world), 0)
})

test('a partition that comes back while it is moved is not taken for the one that went', async (t) => {
  const world = await withOneLink()
  lose(world, OPEN_CALL, 'answer')
  const move = world.begin()
  await world.pass(200)
  world.a.host.drop(P)
  await world.a.open()
  await world.pass(2_000)
  t.deepEqual(move.outcome, { kind: 'gone' })
  t.is(world.actorOfA.lastPosition, await world.log.last(P))
})

test('a partition that is given up while the target answers is gone, not moved', async (t) => {
  const world = await withOneLink()
  const move = world.begin()
  while (!world.b.host.actors.has(P)) await world.pass(1)
  world.a.host.drop(P)
  await world.pass(100)
  t.deepEqual(move.outcome, { kind: 'gone' })
})

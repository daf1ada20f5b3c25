/** A node that is declared dead drops all it has, and what it had begun comes to nothing. */
import test from 'ava'
import type { Code, Epoch, LogPosition, NodeId } from '../../links/ids.ts'
import { OPEN_CALL } from '../hand-off/hand-off-message.ts'
import { codesOf, P } from '../testing/host-world.ts'
import { startServed, OwnershipWorld } from '../testing/ownership-world.ts'

const [FIRST, SECOND] = codesOf(P, 2) as [Code, Code]
const B = 'b' as NodeId
const RETRY_MS = 200

const start = () => startServed(FIRST)

/** Holds every append up; each goes on when its function is called. */
function holdAppends({ disk }: OwnershipWorld): (() => void)[] {
  const held: (() => void)[] = []
  disk.log.onAppend = (_, append) => {
    return new Promise<LogPosition>((resolve, reject) => {
      held.push(() => void append().then(resolve, reject))
    })
  }
  return held
}

test('a node that is declared dead drops everything at once', async (t) => {
  const { a } = await start()
  a.control.isCutOff = true
  a.control.declareDead()
  t.is(a.host.actors.size, 0)
  t.false(a.serves())
  t.deepEqual(a.dirty.size, 0)
})

test('a node that was declared dead opens what the table still gives it, in a new epoch', async (t) => {
  const { world, a } = await start()
  a.control.isCutOff = true
  a.control.declareDead()
  await world.pass(1_000)
  t.is(a.epochOf(), undefined, 'not before it has a lease again')
  a.control.isCutOff = false
  await world.pass(RETRY_MS)
  t.is(a.epochOf(), 2 as Epoch)
  t.false(a.serves())
  t.deepEqual(a.control.opened, [{ partition: P, epoch: 2 as Epoch }])
})

test('a node that is declared dead while it hands off: the move ends, and opens nothing', async (t) => {
  const { world, a, b } = await start()
  world.network.rule = ({ name }) => (name === OPEN_CALL ? [500] : [0])
  await world.setRow(['a', 1, 'b'])
  const write = t.throwsAsync(a.create(SECOND), { code: 'not_owner' })
  await world.pass(0)
  a.control.declareDead()
  await write
  t.is(a.ownership.moving.size, 0)
  await world.setRow([null, 1, 'a'])
  t.is(a.epochOf(), 2 as Epoch)
  await world.pass(3_000)
  t.is(b.epochOf(), undefined, 'the log has refused it')
  t.is(a.epochOf(), 2 as Epoch)
  t.deepEqual(a.control.released, [])
  t.deepEqual(a.moved, [])
})

test('a partition that came back is moved although its old move still waits', async (t) => {
  const { world, a } = await start()
  world.network.rule = ({ to }) => (to === B ? [] : [0])
  await world.setRow(['a', 1, 'b'])
  a.control.declareDead()
  await world.setRow(['a', 2, null])
  const c = world.node('c')
  await world.setRow(['a', 2, 'c'])
  t.is(c.epochOf(), 3 as Epoch)
  await world.pass(2_000)
  t.like(a.control.released, [{ to: 'c' as NodeId, epoch: 3 as Epoch }])
})

test('a node that is declared dead while it waits for another attempt begins anew', async (t) => {
  const { world, a, b } = await start()
  b.control.isCutOff = true
  await world.setRow(['a', 1, 'b'])
  t.is(a.ownership.moving.size, 1)
  a.control.declareDead()
  await world.setRow(['a', 2, null])
  b.control.isCutOff = false
  await world.setRow(['a', 2, 'b'])
  await world.pass(1_000)
  t.is(b.epochOf(), 3 as Epoch)
})

test('the end of an old move does not end the new one', async (t) => {
  const { world, a } = await start()
  const c = world.node('c')
  world.network.rule = ({ to, from }) => {
    if (to === B) return []
    return [to === c.nodeId || from === c.nodeId ? 200 : 0]
  }
  await world.setRow(['a', 1, 'b'])
  a.control.declareDead()
  await world.setRow(['a', 2, null])
  await world.pass(800)
  await world.setRow(['a', 2, 'c'])
  await world.pass(200)
  t.deepEqual([...a.ownership.moving], [P])
  await world.pass(1_000)
  t.is(c.epochOf(), 3 as Epoch)
  t.is((await world.disk.epochs()).length, 3)
})

test('the end of an old pause does not end the new move', async (t) => {
  const { world, a, b } = await start()
  b.control.isCutOff = true
  await world.setRow(['a', 1, 'b'])
  a.control.declareDead()
  await world.setRow(['a', 2, null])
  b.control.isCutOff = false
  let calls = 0
  world.network.rule = ({ kind }) => {
    if (kind === 'call') calls++
    return [300]
  }
  await world.setRow(['a', 2, 'b'])
  await world.pass(150)
  t.is(calls, 1, 'it is moved once')
  t.deepEqual([...a.ownership.moving], [P])
})

test('a target that is declared dead meanwhile has to be brought everything again', async (t) => {
  const { world, a, b } = await start()
  world.network.rule = () => [100]
  await world.setRow(['a', 1, 'b'])
  await world.pass(300)
  b.control.declareDead()
  await world.pass(400)
  t.is(b.epochOf(), undefined)
  t.is(a.epochOf(), 2 as Epoch, 'the source has taken it back')
  await world.pass(2_000)
  t.is(b.epochOf(), 3 as Epoch)
})

test('what was released before is opened again if the table still gives it', async (t) => {
  const { world, a, b } = await start()
  await world.setRow(['a', 1, 'b'])
  t.is(b.epochOf(), 2 as Epoch)
  a.control.declareDead()
  await world.pass(10)
  t.is(a.epochOf(), 3 as Epoch)
  t.deepEqual(a.control.released, [])
})

test('an opening that began before takes nothing in', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  const held = holdAppends(world)
  await world.setRow([null, 0, 'a'])
  a.control.isCutOff = true
  a.control.declareDead()
  held[0]!()
  await world.pass(100)
  t.is(a.epochOf(), undefined)
  t.deepEqual(a.control.opened, [])
})

test('the end of an old opening does not end the new one', async (t) => {
  const world = new OwnershipWorld()
  const a = world.node('a')
  const held = holdAppends(world)
  await world.setRow([null, 0, 'a'])
  a.control.declareDead()
  await world.pass(10)
  t.is(held.length, 2)
  held[0]!()
  await world.pass(10)
  t.is(held.length, 2, 'it is not opened a third time')
  held[1]!()
  await world.pass(10)
  held[2]!()
  await world.pass(10)
  t.is(held.length, 3, 'the second attempt has found the first one in the log')
  t.is(a.epochOf(), 2 as Epoch)
  t.deepEqual(a.control.opened, [{ partition: P, epoch: 2 as Epoch }])
})

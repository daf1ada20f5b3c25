import test from 'ava'
import { toEpochMs, type Code } from '../links/ids.ts'
import { HERE, RouterWorld } from './testing/router-world.ts'

const code = 'abc' as Code

test('the second visitor within a second is answered here', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc')
  await world.find('abc')
  t.is(world.router.lookup(code, world.now()).kind, 'redirect')
  t.is(await world.answer('abc'), 'https://example.com/abc by near')
  t.is(world.a.lookups, 1)
  await world.clock.pass(1_000)
  t.is(world.router.lookup(code, world.now()).kind, 'unknown')
  t.is(await world.answer('abc'), 'https://example.com/abc by owner')
  t.deepEqual(world.counters.answers, { owner: 2, near: 2, redis: 0, store: 0, stale: 0 })
})

test('a change that is broadcast is seen at once', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc')
  await world.find('abc')
  world.a.add('abc', { url: 'https://example.com/new' })
  world.broadcast('abc', 'not a code')
  await world.clock.pass(0)
  t.is(await world.answer('abc'), 'https://example.com/new by owner')
})

test('a broadcast that overtakes an answer is not lost', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc')
  world.network.rule = ({ kind }) => (kind === 'answer' ? [20] : [0])
  const old = world.answer('abc')
  await world.clock.pass(10)
  world.a.add('abc', { url: 'https://example.com/new' })
  world.broadcast('abc')
  await world.clock.pass(10)
  t.is(await old, 'https://example.com/abc by owner')
  t.is(world.router.lookup(code, world.now()).kind, 'unknown')
})

test('who changes a link sees the change, before any broadcast', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc')
  await world.find('abc')
  world.a.add('abc', { url: 'https://example.com/new' })
  await world.router.write({ kind: 'delete', code })
  t.is(await world.answer('abc'), 'https://example.com/new by owner')
})

test('a link with maxVisits asks its owner each time, one that expires until then', async (t) => {
  const world = new RouterWorld()
  world.a.add('metered', { maxVisits: 5 })
  await world.find('metered')
  t.is(await world.answer('metered'), 'metered by owner')
  world.a.add('abc', { expiresAt: toEpochMs(world.now() + 500) })
  await world.find('abc')
  t.is(await world.answer('abc'), 'https://example.com/abc by near')
  await world.clock.pass(500)
  t.is(world.router.lookup(code, world.now()).kind, 'unknown')
})

test('a link that is not valid yet asks its owner each time', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc', { validFrom: toEpochMs(world.now() + 100) })
  t.is(await world.answer('abc'), 'scheduled by owner')
  t.is(world.router.lookup(code, world.now()).kind, 'unknown')
  t.is(await world.answer('abc'), 'scheduled by owner')
})

test('a redirect is kept with its status', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc', { redirectStatus: 308 })
  await world.find('abc')
  t.like(world.router.lookup(code, world.now()), { kind: 'redirect', status: 308 })
})

test('it can be switched off', async (t) => {
  const world = new RouterWorld({ nearCache: false })
  world.a.add('abc')
  await world.find('abc')
  t.is(await world.answer('abc'), 'https://example.com/abc by owner')
})

test('a node that becomes the owner goes by its own memory', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc')
  await world.find('abc')
  world.placement.move(HERE)
  world.here.refusal = undefined
  world.here.add('abc', { url: 'https://example.com/new' })
  t.is(await world.answer('abc'), 'https://example.com/new by owner')
})

import test from 'ava'
import { TinygridError } from '../links/errors.ts'
import { toEpochMs, type Code, type Epoch, type NodeId } from '../links/ids.ts'
import { OWNER_CALLS } from '../cluster/peers/owner-protocol.ts'
import { Ring } from '../links/ring.ts'
import { StaticPlacement } from '../cluster/table/static-placement.ts'
import { Table } from '../cluster/table/table.ts'
import { A, B, HERE, RouterWorld, TestOwner } from './testing/router-world.ts'
import { Router } from './router.ts'

const code = 'abc' as Code
const visit = { kind: 'visit', code } as const

test('alone, every request is one call on the host', async (t) => {
  const ring = new Ring(16)
  const local = new TestOwner()
  const link = local.add('abc')
  const placement = new StaticPlacement(Table.ofOneNode(HERE, 16, 1 as Epoch))
  const router = new Router({ ring, nodeId: HERE, placement, local })
  t.like(router.lookup(code, toEpochMs(1)), { url: link.url })
  t.like(await router.find(code), { lookup: { url: link.url }, source: 'owner' })
  t.is(await router.read(code), link)
  await router.write(visit)
  t.deepEqual(local.writes, [visit])
  local.refusal = new TinygridError('log_unavailable')
  await t.throwsAsync(router.write(visit), { code: 'log_unavailable' })
})

test('what this node owns is answered here', async (t) => {
  const { router, here, placement, calls } = new RouterWorld()
  placement.move(HERE)
  here.refusal = undefined
  here.add('abc')
  t.is(router.lookup(code, toEpochMs(1)).kind, 'redirect')
  t.is((await router.find(code)).source, 'owner')
  t.is((await router.read(code))!.code, code)
  await router.write(visit)
  t.deepEqual(calls, [])
})

test('what another node owns is answered there', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc')
  t.is(world.router.lookup(code, world.now()).kind, 'unknown')
  t.is(await world.answer('abc'), 'https://example.com/abc by owner')
  t.is((await world.router.read(code))!.code, code)
  t.is(await world.router.read('other' as Code), undefined)
  t.deepEqual(await world.router.write({ kind: 'visit', code: 'other' as Code }), {
    kind: 'absent',
  })
})

test('what the owner says of a link that is no redirect arrives as it is', async (t) => {
  const world = new RouterWorld()
  world.a.add('deleted', { lifecycle: 'deleted' })
  world.a.add('expired', { expiresAt: toEpochMs(1) })
  world.a.add('metered', { maxVisits: 2 })
  world.a.add('used', { maxVisits: 2, visits: 2 })
  const lookups = await Promise.all(
    ['deleted', 'expired', 'metered', 'used', 'nothing'].map(async (name) => {
      return (await world.find(name)).lookup
    }),
  )
  t.deepEqual(lookups, [
    { kind: 'gone', reason: 'deleted' },
    { kind: 'gone', reason: 'expired' },
    { kind: 'metered' },
    { kind: 'gone', reason: 'used_up' },
    { kind: 'absent' },
  ])
})

test('all look-ups of one turn travel in one call', async (t) => {
  const world = new RouterWorld()
  for (let i = 0; i < 50; i++) world.a.add(`code${i}`)
  await Promise.all(Array.from({ length: 50 }, (_, i) => world.find(`code${i}`)))
  t.deepEqual(world.calls, ['lookup'])
  t.is(world.a.lookups, 50)
})

test('a call has at most 64 requests', async (t) => {
  const world = new RouterWorld()
  await Promise.all(Array.from({ length: 129 }, (_, i) => world.find(`code${i}`)))
  t.deepEqual(world.calls, ['lookup', 'lookup', 'lookup'])
})

test('a link that the owner has to read holds up nobody else’s', async (t) => {
  const world = new RouterWorld()
  world.a.add('cold')
  world.a.add('warm')
  world.a.evicted.add('cold' as Code)
  const { promise, resolve } = Promise.withResolvers<void>()
  world.a.pause = promise
  const cold = world.answer('cold')
  t.is(await world.answer('warm'), 'https://example.com/warm by owner')
  resolve()
  t.is(await cold, 'https://example.com/cold by owner')
})

test('an owner that names another one is believed once', async (t) => {
  const world = new RouterWorld()
  world.b.add('abc')
  world.refer(world.a, { owner: B, epoch: 2 as Epoch })
  t.is(await world.answer('abc'), 'https://example.com/abc by owner')
  t.deepEqual(world.calls, ['lookup', 'lookup'])
  t.is(await world.answer('other'), 'absent by owner')
  t.is(world.placement.ownerOf(world.ring.partitionOf(code)).owner, B)
})

test('two nodes that name each other are not asked for ever', async (t) => {
  const world = new RouterWorld()
  world.refer(world.a, { owner: B, epoch: 2 as Epoch })
  world.refer(world.b, { owner: A, epoch: 1 as Epoch })
  const found = world.find('abc')
  await Promise.all([t.throwsAsync(found, { code: 'owner_unavailable' }), world.clock.pass(2_000)])
  t.true(world.calls.length < 20, `${world.calls.length} calls`)
})

test('an error of the request is passed on as it is', async (t) => {
  const world = new RouterWorld()
  world.a.refusal = new TinygridError('mailbox_full', { retryAfterSeconds: 3 })
  await t.throwsAsync(world.router.write(visit), { code: 'mailbox_full' })
  t.is(world.a.writes.length, 1)
})

test('an owner that does not understand the call is as good as none', async (t) => {
  const world = new RouterWorld()
  world.cache.add('abc')
  const old = 'old' as NodeId
  world.network.join(old).handle(OWNER_CALLS.lookup, () => {
    throw new TinygridError('bad_request')
  })
  world.placement.move(old)
  t.is(await world.answer('abc'), 'https://example.com/abc by redis')
})

import test from 'ava'
import { TinygridError, type ErrorCode } from '../links/errors.ts'
import type { Code, Epoch } from '../links/ids.ts'
import { VISIT_KEPT_MS } from '../links/link-owner.ts'
import { HeldRequests, HOLD_MS } from './held-requests.ts'
import { createRouterCounters } from './router-counters.ts'
import { A, B, HERE, RouterWorld } from './testing/router-world.ts'

const code = 'abc' as Code
const write = { kind: 'delete', code } as const

async function fail(): Promise<never> {
  throw new TinygridError('not_owner')
}

/** How a request ended, and when. */
async function outcome(world: RouterWorld, request: Promise<unknown>) {
  let ms = Infinity
  const began = world.clock.now()
  const settled = request
    .then(
      () => 'done',
      (error: unknown) => (error as TinygridError).code,
    )
    .finally(() => (ms = world.clock.now() - began))
  await world.clock.pass(10_000)
  return { ended: await settled, ms }
}

test('a write waits for the next owner, and goes to it at once', async (t) => {
  const world = new RouterWorld()
  world.network.cut(A)
  world.b.add('abc')
  world.clock.after(1_700, () => world.placement.move(B))
  t.deepEqual(await outcome(world, world.router.write(write)), { ended: 'done', ms: 1_700 })
  t.is(world.counters.writesHeld, 1)
  t.is(world.counters.heldNow, 0)
  t.is(world.placement.listeners, 0)
})

test('every attempt has the same operation id', async (t) => {
  const world = new RouterWorld()
  world.network.rule = ({ kind, from }) => (kind === 'answer' && from === A ? [] : [0])
  world.clock.after(2_500, () => world.placement.move(B))
  await outcome(world, world.router.write(write))
  const ids = [...world.a.writes, ...world.b.writes].map(({ operationId }) => operationId)
  t.true(ids.length >= 3)
  t.deepEqual([...new Set(ids)], ['op0'])
  await world.router.write({ ...write, operationId: 'mine' })
  t.is(world.b.writes.at(-1)!.operationId, 'mine')
})

test('after the hold it is refused', async (t) => {
  const world = new RouterWorld()
  world.placement.move(null)
  const { ended, ms } = await outcome(world, world.router.write(write))
  t.is(ended, 'owner_unavailable')
  t.is(ms, HOLD_MS)
  t.is(world.counters.givenUp, 1)
  t.is(world.placement.listeners, 0)
})

test('an owner that neither answers nor moves does not hold a write for longer', async (t) => {
  const world = new RouterWorld()
  world.placement.move(HERE)
  world.here.refusal = undefined
  world.here.pause = new Promise(() => {})
  t.deepEqual(await outcome(world, world.router.write(write)), {
    ended: 'owner_unavailable',
    ms: HOLD_MS,
  })
})

for (const refusal of [
  'not_owner',
  'log_replaced',
  'log_uncertain',
  'log_unavailable',
  'shutting_down',
] as const) {
  test(`a write that is refused with ${refusal} is tried again`, async (t) => {
    const world = new RouterWorld()
    world.a.add('abc')
    world.a.refusal = new TinygridError(refusal)
    world.clock.after(1_000, () => (world.a.refusal = undefined))
    const { ended, ms } = await outcome(world, world.router.write(write))
    t.is(ended, 'done')
    t.true(ms < 1_200, `after ${ms} ms`)
    t.true(world.a.writes.length < 10, `${world.a.writes.length} attempts`)
  })
}

const FINAL: readonly ErrorCode[] = ['mailbox_full', 'log_full', 'store_unavailable', 'internal']
for (const refusal of FINAL) {
  test(`a write that is refused with ${refusal} is not`, async (t) => {
    const world = new RouterWorld()
    world.a.refusal = new TinygridError(refusal)
    t.deepEqual(await outcome(world, world.router.write(write)), { ended: refusal, ms: 0 })
    t.is(world.a.writes.length, 1)
  })
}

test('a hint is followed without a pause', async (t) => {
  const world = new RouterWorld()
  world.b.add('abc')
  world.refer(world.a, { owner: B, epoch: 2 as Epoch })
  t.deepEqual(await outcome(world, world.router.write(write)), { ended: 'done', ms: 0 })
})

test('a read of the API waits too, and asks nobody but the owner', async (t) => {
  const world = new RouterWorld()
  world.network.cut(A)
  world.cache.add('abc')
  world.b.add('abc')
  world.clock.after(1_000, () => world.placement.move(B))
  t.is((await outcome(world, world.router.read(code))).ms, 1_000)
  t.is(world.counters.readsHeld, 1)
  t.is(world.cache.gets, 0)
})

test('a node that is cut off holds its writes', async (t) => {
  const world = new RouterWorld()
  world.a.add('abc')
  world.network.cut(HERE)
  world.clock.after(3_000, () => world.network.heal(HERE))
  const { ended, ms } = await outcome(world, world.router.write(write))
  t.is(ended, 'done')
  t.true(ms <= 3_200)
})

test('writes of one turn travel in one call', async (t) => {
  const world = new RouterWorld()
  await Promise.all(Array.from({ length: 40 }, () => world.router.write(write)))
  t.deepEqual(world.calls, ['write', 'write'])
})

test('only so many requests wait', async (t) => {
  const { placement, clock } = new RouterWorld()
  const counters = createRouterCounters()
  const held = new HeldRequests({ placement, clock, random: () => 0, counters, heldMax: 2 })
  const hold = { partition: 0, holdMs: 1_000, counter: 'writesHeld' } as never
  const waiting = [held.run(hold, fail), held.run(hold, fail), held.run(hold, fail)]
  const settled = Promise.allSettled(waiting)
  await clock.pass(0)
  t.is(counters.heldNow, 2)
  t.is(counters.givenUp, 1)
  await clock.pass(1_000)
  t.true((await settled).every(({ status }) => status === 'rejected'))
  t.is(counters.heldNow, 0)
})

test('an owner remembers a visit for longer than a router asks for it', (t) => {
  const callMs = 1_000
  t.true(VISIT_KEPT_MS >= HOLD_MS + 2 * callMs)
})

import test from 'ava'
import { TinygridError } from '../links/errors.ts'
import { toEpochMs, type Code } from '../links/ids.ts'
import type { LinkRecord } from '../links/link-record.ts'
import { LOOKUP_TIMEOUT_MS } from './remote-owners.ts'
import { A, HERE, RouterWorld } from './testing/router-world.ts'
import { LOOKUP_HOLD_MS } from './router.ts'

/** A world whose owner has died: it is in the table, and does not answer. */
function worldWithoutOwner(): RouterWorld {
  const world = new RouterWorld()
  world.network.rule = ({ to, from }) => (to === A || from === A ? [] : [0])
  return world
}

/** The answer, when it came, and how long it took. */
async function timed(world: RouterWorld, code: string) {
  const began = world.clock.now()
  let ms = 0
  const answer = world.answer(code).finally(() => (ms = world.clock.now() - began))
  const settled = answer.catch((error: unknown) => (error as TinygridError).code)
  await world.clock.pass(10_000)
  return { answer: await settled, ms }
}

test('a redirect of a dead owner comes from the cache', async (t) => {
  const world = worldWithoutOwner()
  world.cache.add('abc')
  const { answer, ms } = await timed(world, 'abc')
  t.is(answer, 'https://example.com/abc by redis')
  t.is(ms, LOOKUP_TIMEOUT_MS)
})

test('what the cache does not have comes from the store, and is in the cache then', async (t) => {
  const world = worldWithoutOwner()
  world.store.add('abc')
  t.is((await timed(world, 'abc')).answer, 'https://example.com/abc by store')
  t.true(world.cache.versions.has('abc' as Code))
})

test('a cache that fails or hangs costs 50 ms at most', async (t) => {
  const world = worldWithoutOwner()
  world.store.add('abc')
  world.cache.isDown = true
  t.is((await timed(world, 'abc')).answer, 'https://example.com/abc by store')
  world.cache.isDown = false
  world.cache.hangs = true
  const { answer, ms } = await timed(world, 'abc')
  t.is(answer, 'https://example.com/abc by store')
  t.true(ms <= LOOKUP_TIMEOUT_MS + 50)
  t.is(world.counters.fallbackErrors, 3)
})

test('a node that is cut off answers from the memory of what it owned', async (t) => {
  const world = new RouterWorld()
  world.placement.move(HERE)
  world.here.add('abc')
  world.network.cut(HERE)
  t.is(await world.answer('abc'), 'https://example.com/abc by stale')
})

test('a link that is gone is gone for the fallback too', async (t) => {
  const world = worldWithoutOwner()
  world.cache.add('abc', { lifecycle: 'deleted' })
  world.cache.add('old', { expiresAt: toEpochMs(1) })
  t.is((await timed(world, 'abc')).answer, 'gone by redis')
  t.is((await timed(world, 'old')).answer, 'gone by redis')
})

test('the fallback keeps to a link’s time, its status, and where it sends who comes too late', async (t) => {
  const world = worldWithoutOwner()
  const expiredUrl = 'https://example.com/over'
  world.cache.add('early', { validFrom: toEpochMs(world.now() + 60_000) })
  world.cache.add('moved', { redirectStatus: 301, validFrom: toEpochMs(1) })
  world.cache.add('late', { expiresAt: toEpochMs(1), expiredUrl })
  t.is((await timed(world, 'early')).answer, 'scheduled by redis')
  const lookup = async (code: string) => {
    const found = world.find(code)
    await world.clock.pass(1_000)
    return (await found).lookup
  }
  t.like(await lookup('moved'), { kind: 'redirect', status: 301 })
  t.deepEqual(await lookup('late'), { kind: 'gone', reason: 'expired', url: expiredUrl })
})

for (const [what, link] of [
  ['never given', undefined],
  ['purged', { lifecycle: 'purged', url: '' }],
  ['metered', { maxVisits: 2 }],
] as const) {
  test(`that a link is ${what} only its owner may say`, async (t) => {
    const world = worldWithoutOwner()
    if (link !== undefined) world.cache.add('abc', link)
    if (link !== undefined) world.store.add('abc')
    const { answer, ms } = await timed(world, 'abc')
    t.is(answer, 'owner_unavailable')
    t.true(ms <= LOOKUP_TIMEOUT_MS + LOOKUP_HOLD_MS)
    t.is(world.counters.lookupsHeld, 1)
  })
}

test('what the fallback may not answer waits for the next owner', async (t) => {
  const world = worldWithoutOwner()
  world.placement.move(null)
  const answer = world.answer('never')
  await world.clock.pass(LOOKUP_HOLD_MS / 2)
  world.network.rule = () => [0]
  world.placement.move(A)
  t.is(await answer, 'absent by owner')
})

test('while nobody owns a partition the fallback is asked at once', async (t) => {
  const world = worldWithoutOwner()
  world.placement.move(null)
  world.cache.add('abc')
  t.is(await world.answer('abc'), 'https://example.com/abc by redis')
})

test('a dead node costs one moment’s redirects the time-out, and the others nothing', async (t) => {
  const world = worldWithoutOwner()
  world.cache.add('abc')
  t.is((await first(world, LOOKUP_TIMEOUT_MS)).source, 'redis')
  for (let ms = 0; ms < 5_000; ms += 20) {
    t.is((await first(world, 0)).source, 'redis')
    await world.clock.pass(20)
  }
  t.true(world.counters.calls < 45, `${world.counters.calls} calls`)
})

/** An answer that must be there after so long. */
async function first(world: RouterWorld, ms: number) {
  const found = world.find('abc')
  const late = new TinygridError('request_timeout')
  await world.clock.pass(ms)
  return Promise.race([found, new Promise<never>((_, reject) => setImmediate(reject, late))])
}

test('a node that answers again is asked again', async (t) => {
  const world = worldWithoutOwner()
  world.cache.add('abc')
  world.a.add('abc')
  await timed(world, 'abc')
  await timed(world, 'abc')
  world.network.rule = () => [0]
  await timed(world, 'abc')
  t.is((await timed(world, 'abc')).answer, 'https://example.com/abc by owner')
})

test('a store that is slow does not make its owner suspect', async (t) => {
  const world = new RouterWorld()
  world.cache.add('cold')
  world.a.add('warm')
  world.a.evicted.add('cold' as Code)
  world.a.pause = new Promise(() => {})
  t.is((await timed(world, 'cold')).answer, 'https://example.com/cold by redis')
  t.is(await world.answer('warm'), 'https://example.com/warm by owner')
})

test('an owner whose store is away leaves the answer to the cache', async (t) => {
  const world = new RouterWorld()
  world.cache.add('abc')
  world.a.refusal = new TinygridError('store_unavailable')
  t.is(await world.answer('abc'), 'https://example.com/abc by redis')
})

test('many visitors of one link are one read of the fallback', async (t) => {
  const world = worldWithoutOwner()
  world.placement.move(null)
  world.cache.add('abc')
  await Promise.all(Array.from({ length: 50 }, () => world.find('abc')))
  t.is(world.cache.gets, 1)
})

test('only so many reads of the fallback are under way', async (t) => {
  const world = worldWithoutOwner()
  world.placement.move(null)
  world.cache.hangs = true
  world.store.hangs = true
  const finds = Array.from({ length: 1_200 }, (_, i) => world.find(`code${i}`))
  const refused = Promise.all(
    finds.map((find) => t.throwsAsync(find, { code: 'owner_unavailable' })),
  )
  await world.clock.pass(10)
  t.is(world.cache.gets, 1_000)
  await Promise.all([refused, world.clock.pass(5_000)])
})

test('a damaged version in the cache or the store is no answer', async (t) => {
  const world = worldWithoutOwner()
  const damage = ({ versions }: typeof world.cache) => {
    const version = versions.get('abc' as Code)!
    const record = version.record.subarray(0, 20) as LinkRecord
    versions.set('abc' as Code, { ...version, record })
  }
  for (const source of [world.cache, world.store]) source.add('abc')
  damage(world.cache)
  t.is((await timed(world, 'abc')).answer, 'https://example.com/abc by store')
  damage(world.cache)
  damage(world.store)
  t.is((await timed(world, 'abc')).answer, 'owner_unavailable')
  t.is(world.counters.fallbackErrors, 3)
})

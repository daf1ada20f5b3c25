/** The feed brings every version to the cache, or clears it. */
import test from 'ava'
import fc from 'fast-check'
import type { LinkVersion } from '../../links/link-record.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { FallbackFeed, type FallbackFeedOptions } from './fallback-feed.ts'
import { MemoryFallbackCache } from './memory-fallback-cache.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

const LONG_MS = 60_000

/** A cache in memory that can be away, and what it was sent. */
class FaultyCache extends MemoryFallbackCache {
  isAway = false
  /** Does the work and fails nonetheless. */
  losesAnswers = false
  readonly batches: (readonly LinkVersion[])[] = []

  constructor() {
    super({ now: () => 0 })
  }

  override async put(versions: readonly LinkVersion[]): Promise<void> {
    await this.#answer(() => super.put(versions))
    this.batches.push(versions)
  }

  override async clear(): Promise<void> {
    await this.#answer(() => super.clear())
  }

  async #answer(work: () => Promise<void>): Promise<void> {
    if (!this.isAway) await work()
    if (this.isAway || this.losesAnswers) throw new TinygridError('cache_unavailable')
  }
}

function createWorld(options: Partial<FallbackFeedOptions> = {}) {
  const clock = new ManualClock()
  const cache = new FaultyCache()
  const feed = new FallbackFeed({ cache, clock, random: () => 0.5, ...options })
  return { clock, cache, feed }
}

test('what is noted together is sent together, on the next turn', async (t) => {
  const { clock, cache, feed } = createWorld()
  feed.note([linkVersion('a', 1)])
  feed.note([linkVersion('b', 1)])
  t.is(cache.batches.length, 0)
  await clock.pass(0)
  t.is(cache.batches.length, 1)
  t.deepEqual(await cache.get('b' as Code), linkVersion('b', 1))
  t.deepEqual(feed.status(), { queued: 0, sent: 2, dropped: 0, clears: 0, isReachable: true })
})

test('of a link only the newest version is sent', async (t) => {
  const { clock, cache, feed } = createWorld()
  feed.note([linkVersion('a', 2), linkVersion('a', 3), linkVersion('a', 1)])
  await clock.pass(0)
  t.deepEqual(cache.batches, [[linkVersion('a', 3)]])
})

test('versions noted during an outage are sent when the cache is back', async (t) => {
  const { clock, cache, feed } = createWorld()
  cache.isAway = true
  feed.note([linkVersion('a', 1)])
  await clock.pass(LONG_MS)
  feed.note([linkVersion('a', 2), linkVersion('b', 1)])
  t.deepEqual(feed.status(), { queued: 2, sent: 0, dropped: 0, clears: 0, isReachable: false })
  cache.isAway = false
  await clock.pass(LONG_MS)
  t.deepEqual(await cache.get('a' as Code), linkVersion('a', 2))
  t.deepEqual(feed.status(), { queued: 0, sent: 2, dropped: 0, clears: 0, isReachable: true })
})

test('a lost answer changes nothing but the count of attempts', async (t) => {
  const { clock, cache, feed } = createWorld()
  cache.losesAnswers = true
  feed.note([linkVersion('a', 1)])
  await clock.pass(LONG_MS)
  feed.note([linkVersion('a', 2)])
  cache.losesAnswers = false
  await clock.pass(LONG_MS)
  t.deepEqual(await cache.get('a' as Code), linkVersion('a', 2))
  t.is(feed.status().queued, 0)
})

for (const [bound, options] of [
  ['links', { queuedLinksMax: 2 }],
  ['bytes', { queuedBytesMax: 2.5 * linkVersion('a', 1).record.length }],
] as const) {
  test(`beyond the bound in ${bound} the cache is cleared when it is back`, async (t) => {
    const { clock, cache, feed } = createWorld(options)
    feed.note([linkVersion('a', 1)])
    await clock.pass(0)
    cache.isAway = true
    feed.note([linkVersion('a', 2), linkVersion('b', 1)])
    await clock.pass(LONG_MS)
    t.is(feed.status().queued, 2)
    feed.note([linkVersion('c', 1)])
    feed.note([linkVersion('d', 1)])
    await clock.pass(LONG_MS)
    t.deepEqual(feed.status(), { queued: 0, sent: 1, dropped: 4, clears: 0, isReachable: false })
    cache.isAway = false
    await clock.pass(LONG_MS)
    t.is(await cache.get('a' as Code), undefined, 'the version it missed a successor of is gone')
    t.is(feed.status().clears, 1)
    feed.note([linkVersion('a', 3)])
    await clock.pass(0)
    t.deepEqual(await cache.get('a' as Code), linkVersion('a', 3))
  })
}

test('many versions are sent in batches', async (t) => {
  const { clock, cache, feed } = createWorld()
  feed.note(Array.from({ length: 2500 }, (_, index) => linkVersion(`c${index}`, 1)))
  await clock.pass(100)
  t.deepEqual(
    cache.batches.map((batch) => batch.length),
    [1000, 1000, 500],
  )
})

test('closing sends what waits, or says that it could not', async (t) => {
  const reached = createWorld()
  reached.feed.note([linkVersion('a', 1)])
  const isDone = reached.feed.close(1000)
  await reached.clock.pass(1000)
  t.true(await isDone)
  t.deepEqual(await reached.cache.get('a' as Code), linkVersion('a', 1))
  const away = createWorld()
  away.cache.isAway = true
  away.feed.note([linkVersion('a', 1)])
  const isLate = away.feed.close(1000)
  await away.clock.pass(1000)
  t.false(await isLate)
})

const step = fc.oneof(
  fc.record({ kind: fc.constant('note' as const), code: fc.nat(4) }),
  fc.record({ kind: fc.constant('outage' as const), mode: fc.constantFrom('away', 'lossy', 'up') }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 10, 500) }),
)

test('after any history of outages the cache has the newest version of a link or none', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, cache, feed } = createWorld({ queuedLinksMax: 3 })
      const newest = new Map<string, LinkVersion>()
      for (const [index, action] of steps.entries()) {
        if (action.kind === 'pass') await clock.pass(action.ms)
        else if (action.kind === 'outage') {
          cache.isAway = action.mode === 'away'
          cache.losesAnswers = action.mode === 'lossy'
        } else {
          const version = linkVersion(`c${action.code}`, index + 1)
          newest.set(version.code, version)
          feed.note([version])
        }
      }
      cache.isAway = cache.losesAnswers = false
      await clock.pass(LONG_MS)
      for (const version of newest.values()) {
        const kept = await cache.get(version.code)
        if (kept !== undefined || feed.status().dropped === 0) t.deepEqual(kept, version)
      }
      t.is(feed.status().queued, 0)
    }),
    { numRuns: 300 },
  )
})

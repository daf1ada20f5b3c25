import test from 'ava'
import * as fc from 'fast-check'
import { toEpochMs, type Code } from '../links/ids.ts'
import { ManualClock } from '../links/testing/manual-clock.ts'
import { ABSENT, METERED, redirectTo, type Lookup } from '../links/link.ts'
import { NEAR_AGE_MAX_MS } from '../cluster/peers/owner-protocol.ts'
import { NearCache } from './near-cache.ts'

const NOW = toEpochMs(1_000_000)
const code = 'abc' as Code
const url = 'https://example.com/'

function newCache(entriesMax = 100) {
  const clock = new ManualClock()
  const near = new NearCache({ clock, entriesMax })
  const learn = (name: Code, lookup: Lookup = redirectTo(url, null)) => {
    near.end(name, near.begin(name), lookup)
  }
  return { clock, near, learn }
}

test('an answer is kept for a second from when it was asked for', async (t) => {
  const { clock, near } = newCache()
  const asked = near.begin(code)
  await clock.pass(100)
  near.end(code, asked, redirectTo(url, null))
  t.is(near.get(code, NOW)!.url, url)
  await clock.pass(NEAR_AGE_MAX_MS - 101)
  t.is(near.get(code, NOW)!.url, url)
  await clock.pass(1)
  t.is(near.get(code, NOW), undefined)
})

test('a link is not served past its expiry', (t) => {
  const { near, learn } = newCache()
  learn(code, redirectTo(url, toEpochMs(NOW + 10)))
  t.is(near.get(code, toEpochMs(NOW + 9))!.url, url)
  t.is(near.get(code, toEpochMs(NOW + 10)), undefined)
})

test('only redirects are kept', (t) => {
  const { near, learn } = newCache()
  for (const lookup of [ABSENT, METERED, { kind: 'gone', reason: 'deleted' } as const]) {
    learn(code, lookup)
    t.is(near.size, 0)
  }
  near.end(code, near.begin(code), undefined)
  t.is(near.size, 0)
})

test('a redirect to a very long URL is not kept', (t) => {
  const { near, learn } = newCache()
  learn(code, redirectTo(url.padEnd(4096, 'x'), null))
  t.is(near.size, 1)
  learn('long' as Code, redirectTo(url.padEnd(4097, 'x'), null))
  t.is(near.size, 1)
})

test('a link that changed is forgotten', (t) => {
  const { near, learn } = newCache()
  learn(code)
  near.forget([code])
  t.is(near.get(code, NOW), undefined)
})

test('a link that changed is forgotten in both halves', (t) => {
  const { near, learn } = newCache(2)
  learn(code)
  learn(code)
  near.forget([code])
  t.is(near.get(code, NOW), undefined)
})

test('an answer that a change has overtaken is not kept, the next one is', (t) => {
  const { near } = newCache()
  const early = near.begin(code)
  const early2 = near.begin(code)
  near.forget([code])
  const late = near.begin(code)
  near.end(code, late, redirectTo(`${url}new`, null))
  near.end(code, early, redirectTo(`${url}old`, null))
  near.end(code, early2, redirectTo(`${url}old`, null))
  t.is(near.get(code, NOW)!.url, `${url}new`)
})

test('the older half makes room', (t) => {
  const { near, learn } = newCache(10)
  for (let i = 0; i < 28; i++) {
    learn(`code${i}` as Code)
    t.true(near.size <= 10)
  }
  t.is(near.get('code19' as Code, NOW), undefined)
  for (let i = 20; i < 28; i++) t.is(near.get(`code${i}` as Code, NOW)!.url, url)
})

/** What may happen to one code, in any order: look-ups that overlap, changes, time. */
const anyEvent = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const) }),
  fc.record({ kind: fc.constant('answer' as const), nth: fc.nat(5) }),
  fc.record({ kind: fc.constant('change' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 700 }) }),
)

test('whatever overlaps, a version is not served once its change was told', async (t) => {
  const property = fc.asyncProperty(fc.array(anyEvent, { maxLength: 40 }), async (events) => {
    const { clock, near } = newCache()
    const asked: { handle: ReturnType<NearCache['begin']>; version: number }[] = []
    let version = 0
    for (const event of events) {
      // The owner decides when it is asked, and its broadcast comes with the change.
      if (event.kind === 'ask') asked.push({ handle: near.begin(code), version })
      else if (event.kind === 'answer' && asked.length > 0) {
        const [answered] = asked.splice(event.nth % asked.length, 1)
        near.end(code, answered!.handle, redirectTo(`${url}${answered!.version}`, null))
      } else if (event.kind === 'change') {
        version++
        near.forget([code])
      } else if (event.kind === 'pass') await clock.pass(event.ms)
      const served = near.get(code, NOW)
      if (served !== undefined) t.is(served.url, `${url}${version}`)
    }
  })
  await fc.assert(property, { numRuns: 200 })
})

/** The fast path notes the clicks that the server behind it would note, and no others. */
import test from 'ava'
import * as fc from 'fast-check'
import type { ClickRecord } from '../../clicks/log/click-batch.ts'
import { RecorderWorld } from '../../clicks/testing/recorder-world.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { answers, startPair, stopPair, within } from '../testing/fast-path-comparison.ts'
import { CORPUS, get } from '../testing/fast-path-corpus.ts'
import { LateLinks } from '../testing/fast-path-late-links.ts'
import { find, lookup, makeGateway, NOW } from '../testing/fast-path-pair.ts'

const HEADERS = [
  'User-Agent: Firefox',
  'user-agent:Safari \t',
  'Referer: https://example.com/?a=b',
  'Accept-Language: de-AT,de;q=0.9',
  'Sec-Purpose: prefetch',
  'DNT: 1',
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-For: 6.6.6.6, 2001:db8::7',
  'Cookie: a=b',
  'Accept: */*',
]
const WITH_MORE = ['/abc?utm_source=x', '/b/?a=b?c&', '/unknown/?utm_source=y', '/metered?a', '/b/']
const TARGETS = [
  '/abc',
  '/b',
  '/moved',
  '/other',
  '/over',
  '/early',
  '/gone',
  '/nothing',
  '/metered',
  '/unknown',
  ...WITH_MORE,
]
const LATE: ReadonlySet<string> = new Set(['b', 'other', 'unknown', 'gone', 'metered'])

const options = { trustProxy: true, respectDnt: true, privacy: 'full' } as const
const worlds = { fast: new RecorderWorld(options), plain: new RecorderWorld(options) }
const late = new LateLinks({ lookup, find, isLate: (code: Code) => LATE.has(code) })
/** Each exchange in a second of its own, since orphans of a second are bounded. */
let seconds = 0
const now = () => (NOW + seconds * 1_000) as EpochMs
let made = 0
const makeNext = () => {
  // The first that is made is the plain one.
  const { recorder: clicks } = made++ === 0 ? worlds.plain : worlds.fast
  return makeGateway({}, { clicks, now })
}
const pair = await startPair(
  makeNext,
  { clicks: worlds.fast.recorder.notes, now, lookup: late.lookup, find: late.find },
  late.settled,
)

test.after.always(() => stopPair(pair))

/** What each noted of a text. Answers that come later are noted as they come, in either's own order. */
async function notedOf(text: string, cuts: readonly number[] = []) {
  const before = { fast: worlds.fast.clicks().length, plain: worlds.plain.clicks().length }
  seconds++
  const { count } = await answers(pair, text, cuts)
  for (const world of Object.values(worlds)) await world.taken()
  const fast = inOrder(worlds.fast.clicks().slice(before.fast))
  return { count, fast, plain: inOrder(worlds.plain.clicks().slice(before.plain)) }
}

function keyOf(click: ClickRecord): string {
  return JSON.stringify(click)
}

function inOrder(clicks: readonly ClickRecord[]): ClickRecord[] {
  return clicks.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

for (const { name, text } of CORPUS) {
  test.serial(`noted alike: ${name}`, async (t) => {
    const { fast, plain } = await notedOf(text)
    t.deepEqual(fast, plain)
  })
}

test.serial('noted alike, whatever is asked with whatever headers', async (t) => {
  const request = fc
    .tuple(fc.constantFrom(...TARGETS), fc.subarray(HEADERS))
    .map(([target, headers]) => get(target, ...headers))
  const requests = fc.array(fc.oneof(request, fc.constant(get('/abc'))), { maxLength: 6 })
  let byFastPath = 0
  const all: ClickRecord[] = []
  await fc.assert(
    fc.asyncProperty(requests, fc.array(fc.nat(400), { maxLength: 3 }), async (texts, cuts) => {
      const text = texts.join('')
      const { count, fast, plain } = await notedOf(text, within(text, cuts))
      t.deepEqual(fast, plain)
      byFastPath += count
      all.push(...fast)
    }),
    { numRuns: 200 },
  )
  t.true(byFastPath > 100)
  for (const status of [301, 302, 307, 404, 410])
    t.true(all.some((click) => click.status === status))
  t.true(all.some(({ address }) => address === '2001:db8::7'))
  for (const query of ['utm_source=x', 'utm_source=y', 'a=b?c&', 'a']) {
    t.true(all.some((click) => click.query === query))
  }
})

test.serial('HEAD, and what is no code, is no click', async (t) => {
  const head = `HEAD${get('/abc').slice(3)}HEAD${get('/nothing').slice(3)}`
  const { plain, fast } = await notedOf(head + get('/') + get('/no/code') + get('/abc+'))
  t.deepEqual([plain, fast], [[], []])
})

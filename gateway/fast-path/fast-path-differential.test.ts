/**
 * The fast path answers byte for byte as the server behind it, or not at all.
 *
 * Where a client sends requests and then something that is none, Node's answer depends on how the
 * bytes reach its parser, and none of its ways is more right than another:
 *  - in one read, the replies before the refusal may be dropped. The fast path never drops one, so
 *    the reference gets the requests that the fast path answered in a packet each;
 *  - through the socket's `data` event, which is how bytes are handed over, more may be dropped
 *    than from the socket's handle. So spoilt bytes are compared on a second pair of servers, whose
 *    parsers read `data` always.
 */
import test from 'ava'
import * as fc from 'fast-check'
import {
  afterWhichTheServerGoesOn,
  answers,
  cutAt,
  startPair,
  stopPair,
  within,
} from '../testing/fast-path-comparison.ts'
import { CORPUS, get } from '../testing/fast-path-corpus.ts'
import { makeEventfulGateway, makeGateway } from '../testing/fast-path-pair.ts'
import { spoiltText } from '../testing/fast-path-damage.ts'
import { requestForNothing, requestWithQuery } from '../testing/fast-path-targets.ts'

const SHORT = CORPUS.filter(({ text }) => text.length < 1_000)
const CUTS = fc.array(fc.nat(400), { maxLength: 3 })
const RUNS = 400

const pair = await startPair(() => makeGateway())
const eventfulPair = await startPair(makeEventfulGateway)

test.after.always(async () => {
  for (const each of [pair, eventfulPair]) await stopPair(each)
})

for (const sample of CORPUS) {
  test.serial(`answered alike: ${sample.name}`, async (t) => {
    const { answer, expected, count } = await answers(pair, sample.text)
    t.is(answer, expected)
    t.is(count, sample.fast)
  })
}

test.serial('answered alike, split at every byte', async (t) => {
  for (const { text } of CORPUS.filter((sample) => sample.text.length < 250)) {
    for (let at = 1; at < text.length; at++) {
      const { answer, expected } = await answers(pair, text, [at])
      if (answer !== expected) t.is(answer, expected, JSON.stringify(cutAt(text, [at])))
    }
  }
  t.pass()
})

test.serial('answered alike, byte by byte', async (t) => {
  const text = get('/abc', 'X: y') + get('/b') + get('/nothing') + get('/abc')
  const everywhere = Array.from({ length: text.length - 1 }, (_, index) => index + 1)
  const { answer, expected, count } = await answers(pair, text, everywhere)
  t.is(answer, expected)
  t.is(count, 4)
})

/** Of requests after which the server goes on; after the others, see above. */
test.serial('answered alike, in any order and any packets', async (t) => {
  const requests = await afterWhichTheServerGoesOn(pair, SHORT)
  const several = fc.array(fc.constantFrom(get('/abc'), ...requests), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(several, CUTS, async (texts, cuts) => {
      const text = texts.join('')
      const { answer, expected } = await answers(pair, text, within(text, cuts))
      t.is(answer, expected, JSON.stringify({ text, cuts }))
    }),
    { numRuns: RUNS },
  )
})

for (const [what, request] of [
  ['whatever slash and query stand behind the code', requestWithQuery],
  ['whatever who finds nothing accepts', requestForNothing],
] as const) {
  test.serial(`answered alike, ${what}`, async (t) => {
    let byFastPath = 0
    const requests = fc.array(request(), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(requests, CUTS, async (texts, cuts) => {
        const text = texts.join('')
        const { answer, expected, count } = await answers(pair, text, within(text, cuts))
        t.is(answer, expected, JSON.stringify({ text, cuts }))
        byFastPath += count
      }),
      { numRuns: RUNS },
    )
    t.true(byFastPath > RUNS / 2)
  })
}

test.serial('answered alike where the operator has a page for who finds nothing', async (t) => {
  const fallbackUrl = 'https://example.com/nothing-here'
  const other = await startPair(() => makeGateway({ fallbackUrl }), { hasFallback: true })
  for (const target of ['/nothing', '/gone', '/early', '/over', '/login']) {
    const { answer, expected, count } = await answers(other, get('/abc') + get(target))
    t.is(answer, expected)
    t.is(count, 1)
  }
  await stopPair(other)
})

test.serial('answered alike where redirects are permanent by default', async (t) => {
  const permanent = await startPair(() => makeGateway({ redirectStatus: 308 }), {
    redirectStatus: 308,
  })
  for (const target of ['/abc', '/moved', '/other', '/ending', '/b?d']) {
    const { answer, expected, count } = await answers(permanent, get(target) + get('/abc'))
    t.is(answer, expected)
    t.is(count, 2)
  }
  await stopPair(permanent)
})

test.serial('answered alike, whatever is inserted, replaced or removed', async (t) => {
  await fc.assert(
    fc.asyncProperty(spoiltText(), CUTS, async (text, cuts) => {
      const { answer, expected } = await answers(eventfulPair, text, within(text, cuts))
      t.is(answer, expected, JSON.stringify({ text, cuts }))
    }),
    { numRuns: RUNS },
  )
})

/**
 * Answers that come later change neither what a client gets nor in which order.
 *
 * The comparison of `fast-path-differential.test.ts` again, with look-ups that must be asked for:
 * of every code, or of some, after any number of turns. What waits behind a late answer is handed
 * over in one piece, however it came, and Node answers spoilt bytes by how they come: so cuts are
 * made only in requests after which the server goes on.
 */
import test from 'ava'
import * as fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import type { Code } from '../../links/ids.ts'
import {
  afterWhichTheServerGoesOn,
  answers,
  cutAt,
  type Pair,
  startPair,
  stopPair,
  within,
} from '../testing/fast-path-comparison.ts'
import { CORPUS, get } from '../testing/fast-path-corpus.ts'
import { LateLinks } from '../testing/fast-path-late-links.ts'
import { find, lookup, makeEventfulGateway, makeGateway } from '../testing/fast-path-pair.ts'
import { spoiltText } from '../testing/fast-path-damage.ts'
import { requestWithQuery } from '../testing/fast-path-targets.ts'

const CUTS = fc.array(fc.nat(400), { maxLength: 3 })
const RUNS = 400
const LATE: ReadonlySet<string> = new Set(['b', 'unknown', 'gone', 'metered'])

type IsLate = (code: Code) => boolean

async function startLatePair(isLate: IsLate, make: () => Promise<FastifyInstance>): Promise<Pair> {
  const late = new LateLinks({ lookup, find, isLate })
  return startPair(make, { lookup: late.lookup, find: late.find }, late.settled)
}

const always: IsLate = () => true
const sometimes: IsLate = (code) => LATE.has(code)
const pairs = {
  'every code late': await startLatePair(always, () => makeGateway()),
  'some codes late': await startLatePair(sometimes, () => makeGateway()),
}
const eventfulPair = await startLatePair(sometimes, makeEventfulGateway)

test.after.always(async () => {
  for (const pair of [...Object.values(pairs), eventfulPair]) await stopPair(pair)
})

for (const [name, pair] of Object.entries(pairs)) {
  for (const sample of CORPUS) {
    test.serial(`${name}, answered alike: ${sample.name}`, async (t) => {
      const { answer, expected, count } = await answers(pair, sample.text)
      t.is(answer, expected)
      t.is(count, sample.fastAsking ?? sample.fast)
    })
  }

  test.serial(`${name}, answered alike, split at every byte`, async (t) => {
    const samples = CORPUS.filter(({ fast, text }) => fast > 0 && text.length < 250)
    for (const text of await afterWhichTheServerGoesOn(pair, samples)) {
      for (let at = 1; at < text.length; at++) {
        const { answer, expected } = await answers(pair, text, [at])
        if (answer !== expected) t.is(answer, expected, JSON.stringify(cutAt(text, [at])))
      }
    }
    t.pass()
  })

  test.serial(`${name}, answered alike, byte by byte`, async (t) => {
    const text = get('/abc', 'X: y') + get('/b') + get('/nothing') + get('/abc')
    const everywhere = Array.from({ length: text.length - 1 }, (_, index) => index + 1)
    const { answer, expected, count } = await answers(pair, text, everywhere)
    t.is(answer, expected)
    t.is(count, 4)
  })

  test.serial(`${name}, answered alike, in any order and any packets`, async (t) => {
    const short = CORPUS.filter(({ text }) => text.length < 1_000)
    const requests = await afterWhichTheServerGoesOn(pair, short)
    const likely = fc.constantFrom(get('/abc'), get('/b'), get('/unknown'), get('/long-code_0'))
    const other = fc.oneof(fc.constantFrom(...requests), requestWithQuery())
    const several = fc.array(fc.oneof(likely, other), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(several, CUTS, async (texts, cuts) => {
        const text = texts.join('')
        const { answer, expected } = await answers(pair, text, within(text, cuts))
        t.is(answer, expected, JSON.stringify({ text, cuts }))
      }),
      { numRuns: RUNS },
    )
  })
}

test.serial('some codes late, answered alike, whatever is changed', async (t) => {
  await fc.assert(
    fc.asyncProperty(spoiltText(), async (text) => {
      const { answer, expected } = await answers(eventfulPair, text)
      t.is(answer, expected, JSON.stringify(text))
    }),
    { numRuns: RUNS },
  )
})

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
import type { Server } from 'node:http'
import test from 'ava'
import * as fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { CORPUS, get } from './fast-path-corpus.ts'
import { exchange, type FastServer, makeGateway, startFast } from './fast-path-pair.ts'

const HEAD_END = '\r\n\r\n'
const SHORT = CORPUS.filter(({ text }) => text.length < 1_000)
const CUTS = fc.array(fc.nat(400), { maxLength: 3 })
const WORDS = [
  '\r\n',
  'GET /',
  'HTTP/1.1',
  'Host: a\r\n',
  'Content-Length: 3\r\n',
  'Connection: close\r\n',
]
const SPOILERS = ['', ...'\r\n\0 \t:/,aA%?\x80\xff'.split(''), ...WORDS]
const RUNS = 400

interface Pair {
  readonly plain: Server
  readonly fast: FastServer
}

const pair = await startPair(() => makeGateway())
const eventfulPair = await startPair(async () => {
  const app = await makeGateway()
  // After Node's own listener: a listener for `data` keeps its parser off the socket's handle.
  app.server.on('connection', (socket) => socket.on('data', () => {}))
  return app
})

test.after.always(async () => {
  for (const { plain, fast } of [pair, eventfulPair]) {
    await fast.stop()
    plain.close()
  }
})

async function startPair(make: () => Promise<FastifyInstance>): Promise<Pair> {
  const plain = await make()
  await plain.listen({ port: 0, host: '127.0.0.1' })
  return { plain: plain.server, fast: await startFast(await make()) }
}

/** The answers of both to `text`, cut at `cuts`, and how many of them the fast path gave. */
async function answers({ plain, fast }: Pair, text: string, cuts: readonly number[] = []) {
  const before = fast.counters.fast
  const answer = await exchange(fast.server, cutAt(text, cuts))
  const count = fast.counters.fast - before
  const expected = await exchange(plain, cutAt(text, [...cuts, ...headEnds(text, count)]))
  return { answer, expected, count }
}

/** Where the first `count` heads of `text` end. */
function headEnds(text: string, count: number): number[] {
  const ends: number[] = []
  for (let at = 0; ends.length < count; ends.push(at)) {
    at = text.indexOf(HEAD_END, at) + HEAD_END.length
  }
  return ends
}

function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  return places.slice(1).map((end, index) => text.slice(places[index], end))
}

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
  t.is(count, 2)
})

/** Of requests after which the server goes on; after the others, see above. */
test.serial('answered alike, in any order and any packets', async (t) => {
  const requests: string[] = []
  for (const { text } of SHORT) {
    const answer = await exchange(pair.plain, [text + get('/b')])
    if (answer.includes('https://example.com/b')) requests.push(text)
  }
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

test.serial('answered alike, whatever is inserted, replaced or removed', async (t) => {
  await fc.assert(
    fc.asyncProperty(spoiltText(), CUTS, async (text, cuts) => {
      const { answer, expected } = await answers(eventfulPair, text, within(text, cuts))
      t.is(answer, expected, JSON.stringify({ text, cuts }))
    }),
    { numRuns: RUNS },
  )
})

function within(text: string, cuts: readonly number[]): number[] {
  return cuts.map((cut) => cut % (text.length + 1))
}

/** One to three samples with up to three changes. */
function spoiltText(): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...SHORT.map(({ text }) => text))
  const likely = fc.constantFrom(get('/abc'), get('/b', 'X: y'))
  const texts = fc.array(fc.oneof(likely, sample), { minLength: 1, maxLength: 3 })
  const change = fc.record({
    at: fc.nat(400),
    removed: fc.nat(3),
    added: fc.constantFrom(...SPOILERS),
  })
  return fc.tuple(texts, fc.array(change, { maxLength: 3 })).map(([chosen, changes]) => {
    let text = chosen.join('')
    for (const { at, removed, added } of changes) {
      const index = at % (text.length + 1)
      text = text.slice(0, index) + added + text.slice(index + removed)
    }
    return text
  })
}

/**
 * The fast path answers byte for byte as the server behind it, or not at all.
 *
 * How Node answers pipelined requests depends on how they were cut into packets: at a request that
 * it refuses, it drops the replies to those before it in the same read. The fast path never drops
 * one. So the reference gets the requests that the fast path answered in a packet each, which
 * changes nothing in what they mean.
 */
import test from 'ava'
import fc from 'fast-check'
import { CORPUS, get } from './fast-path-corpus.ts'
import { exchange, smallGateway, startFast } from './fast-path-pair.ts'

const HEAD_END = '\r\n\r\n'

const RUNS = 400

const reference = smallGateway()
await reference.listen({ port: 0, host: '127.0.0.1' })
const plain = reference.server
const fast = await startFast(smallGateway())

test.after.always(() => Promise.all([reference.close(), fast.app.close()]))

/** The answers of both to `text`, cut at `cuts`, and how many of them the fast path gave. */
async function answers(text: string, cuts: readonly number[] = []) {
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
    const { answer, expected, count } = await answers(sample.text)
    t.is(answer, expected)
    t.is(count, sample.fast)
  })
}

test.serial('answered alike, split at every byte', async (t) => {
  for (const { text } of CORPUS.filter((sample) => sample.text.length < 250)) {
    for (let at = 1; at < text.length; at++) {
      const { answer, expected } = await answers(text, [at])
      if (answer !== expected) t.is(answer, expected, JSON.stringify(cutAt(text, [at])))
    }
  }
  t.pass()
})

test.serial('answered alike, byte by byte', async (t) => {
  const before = fast.counters.fast
  const text = get('/abc', 'X: y') + get('/b') + get('/nothing') + get('/abc')
  t.is(await exchange(fast.server, [...text]), await exchange(plain, [text]))
  t.is(fast.counters.fast - before, 2)
})

test.serial('answered alike, whatever is changed, repeated or cut', async (t) => {
  await fc.assert(
    fc.asyncProperty(mutatedText(), fc.array(fc.nat(300), { maxLength: 3 }), async (text, cuts) => {
      const { answer, expected } = await answers(
        text,
        cuts.map((cut) => cut % (text.length + 1)),
      )
      t.is(answer, expected, JSON.stringify({ text, cuts }))
    }),
    { numRuns: RUNS },
  )
})

/** One to three samples with up to three bytes inserted, replaced or removed. */
function mutatedText(): fc.Arbitrary<string> {
  const samples = CORPUS.filter(({ text }) => text.length < 1_000).map(({ text }) => text)
  const likely = [get('/abc'), get('/b', 'X: y')]
  const text = fc
    .array(fc.oneof(fc.constantFrom(...likely), fc.constantFrom(...samples)), {
      minLength: 1,
      maxLength: 3,
    })
    .map((chosen) => chosen.join(''))
  const byte = fc.constantFrom(
    ...['', '\r', '\n', '\r\n', '\0', ' ', '\t', ':', '/', ',', 'a', 'A', '%', '?', '\x80', '\xff'],
    ...['GET /', 'HTTP/1.1', 'Host: a\r\n', 'Content-Length: 3\r\n', 'Connection: close\r\n'],
  )
  const change = fc.record({ at: fc.nat(400), removed: fc.nat(3), byte })
  return fc.tuple(text, fc.array(change, { maxLength: 3 })).map(([original, changes]) => {
    let changed = original
    for (const { at, removed, byte: added } of changes) {
      const index = at % (changed.length + 1)
      changed = changed.slice(0, index) + added + changed.slice(index + removed)
    }
    return changed
  })
}

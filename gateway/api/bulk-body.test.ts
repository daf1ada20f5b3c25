/** A body taken apart says what it says when it is parsed whole. */
import test from 'ava'
import * as fc from 'fast-check'
import { PARSED_BYTES_MAX, parseJson, takeApart, type BulkBody } from './bulk-body.ts'

const ELEMENTS_MAX = 1000

test('a list of links is its elements, untouched', (t) => {
  const { envelope, elements } = apart('{ "links": [ {"url": "a,]}"} ,{"url":"\\"["}, [1,[2]] ] }')
  t.deepEqual(envelope, { links: [0, 1, 2] })
  t.deepEqual(
    elements.map((bytes) => parseJson(bytes)),
    [{ url: 'a,]}' }, { url: '"[' }, [1, [2]]],
  )
})

test('only what lists of the outer object hold is taken out', (t) => {
  for (const text of [
    '[[1],[2]]',
    '{"links":{"a":1,"b":[2,3]}}',
    '"[1,2]"',
    '5',
    '{"links":[ ]}',
  ]) {
    const { envelope, elements } = apart(text)
    t.deepEqual(elements, [], text)
    t.deepEqual(envelope, JSON.parse(text), text)
  }
})

test('a byte order mark does no harm, and bytes that are no UTF-8 are no JSON', (t) => {
  t.deepEqual(whole('\ufeff{"links":[1]}'), { links: [1] })
  t.throws(() => finish(takeApart(Buffer.from([0x22, 0xff, 0x22]), 1)), { code: 'invalid_json' })
})

test('more elements than allowed are not looked for', (t) => {
  const text = `{"links":[${'0,'.repeat(1_000_000)}0]}`
  t.throws(() => apart(text), { code: 'invalid_field', message: /at most 1000 items/ })
})

for (const [what, text] of [
  ['one link', `{"links":[{"url":"${'a'.repeat(PARSED_BYTES_MAX)}"}]}`],
  ['what is around the links', `{"x":"${'a'.repeat(PARSED_BYTES_MAX)}","links":[1]}`],
  ['brackets without end', `{"links":[${'['.repeat(PARSED_BYTES_MAX)}`],
  ['blanks without end', `{"links":[${' '.repeat(PARSED_BYTES_MAX)}]}`],
] as const) {
  test(`no parse is given more than it does in a moment: ${what}`, (t) => {
    t.throws(() => whole(text), { code: 'body_too_large' })
  })
}

const json = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.record({ links: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 }) }).map(asJson),
  fc.dictionary(fc.string(), fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 4 })).map(asJson),
)

test('any JSON means the same', (t) => {
  const property = fc.property(json, (text) => {
    t.deepEqual(whole(text), JSON.parse(text))
  })
  t.notThrows(() => fc.assert(property, { numRuns: 500 }))
})

const DAMAGES = ['', '[', ']', '{', '}', ',', ':', '"', '\\', ' ', '0', 'a']

/** A few characters taken away, doubled or changed for others that mean something. */
const damaged = fc
  .tuple(json, fc.array(fc.tuple(fc.nat(), fc.constantFrom(...DAMAGES)), { maxLength: 3 }))
  .map(([text, changes]) => changes.reduce(damage, text))

test('what is no JSON is none, and what is still JSON still means the same', (t) => {
  const property = fc.property(damaged, (text) => {
    const expected = attempt(() => JSON.parse(text) as unknown)
    t.deepEqual(
      attempt(() => whole(text)),
      expected,
      text,
    )
  })
  t.notThrows(() => fc.assert(property, { numRuns: 2000 }))
})

function damage(text: string, [at, character]: [number, string]): string {
  const place = at % (text.length + 1)
  return text.slice(0, place) + character + text.slice(place + (at % 2))
}

function attempt(parse: () => unknown): unknown {
  try {
    return { value: parse() }
  } catch {
    return 'no JSON'
  }
}

function asJson(value: unknown): string {
  return JSON.stringify(value)
}

/** Everything parsed, and put together again. */
function whole(text: string): unknown {
  const { envelope, elements } = apart(text)
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope)) return envelope
  const values = elements.map((bytes) => parseJson(bytes))
  const fields = Object.entries(envelope).map(([name, value]: [string, unknown]) => [
    name,
    Array.isArray(value) ? value.map((index: number) => values[index]) : value,
  ])
  return Object.fromEntries(fields) as unknown
}

function apart(text: string): BulkBody {
  return finish(takeApart(Buffer.from(text), ELEMENTS_MAX))
}

function finish<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

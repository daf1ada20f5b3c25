import test from 'ava'
import * as fc from 'fast-check'
import { TinygridError } from '../../links/errors.ts'
import { toEpochMs, type Code } from '../../links/ids.ts'
import {
  redirectTo,
  UNKNOWN,
  ABSENT,
  MAX_VISITS_MAX,
  METERED,
  TAG_LENGTH_MAX,
  TITLE_LENGTH_MAX,
  type Link,
  type Lookup,
} from '../../links/link.ts'
import { isReserved } from '../../links/reserved-codes.ts'
import {
  encodeLink,
  encodeLookup,
  encodeWriteRequest,
  encodeWriteResult,
  parseLinkAnswer,
  parseLookup,
  parseWriteRequest,
  parseWriteResult,
  writeBytes,
} from './owner-values.ts'
import { newLink, type WriteRequest, type WriteResult } from '../../links/link-owner.ts'
import { WRITES_LIMITS } from './owner-protocol.ts'

const overTheWire = (data: unknown): unknown => JSON.parse(JSON.stringify(data))

const anyCode = fc
  .stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
  .filter((code) => !isReserved(code))
  .map((code) => code as Code)
const anyUrl = fc
  .stringMatching(/^[!-~]{0,50}$/)
  .map((path) => new URL(`http://a.example/${path}`).href)
const anyText = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength: maxLength / 8 }).map((text) => text.trim())
const anyTitle = anyText(TITLE_LENGTH_MAX).filter((title) => title !== '')
const anyTag = anyText(TAG_LENGTH_MAX).filter((tag) => tag !== '')
const time = fc.nat(2 ** 45).map(toEpochMs)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

const settings = {
  url: anyUrl,
  title: maybe(anyTitle),
  tags: fc.uniqueArray(anyTag, { maxLength: 3 }),
  expiresAt: maybe(time),
  maxVisits: maybe(fc.integer({ min: 1, max: MAX_VISITS_MAX })),
}
const anyLink: fc.Arbitrary<Link> = fc.record({
  ...settings,
  code: anyCode,
  createdAt: time,
  updatedAt: time,
  visits: fc.nat(),
  isAlias: fc.boolean(),
  lifecycle: fc.constantFrom('live', 'deleted'),
})
const anyReason = fc.constantFrom('deleted', 'expired', 'used_up')
const anyLookup: fc.Arbitrary<Lookup> = fc.oneof(
  fc.constantFrom(ABSENT, METERED, UNKNOWN),
  fc.record({ kind: fc.constant('gone'), reason: anyReason }),
  fc.record({ url: anyUrl, expiresAt: maybe(time) }).map((to) => redirectTo(to.url, to.expiresAt)),
)
const optional = {
  requiredKeys: ['kind', 'code'],
} satisfies fc.RecordConstraints<'kind' | 'code' | 'ifMatch' | 'operationId'>
const operationId = fc.stringMatching(/^[a-z0-9.]{1,64}$/)
const anyCreate = fc.record({
  ...settings,
  kind: fc.constant('create' as const),
  code: anyCode,
  isAlias: fc.boolean(),
  reuse: fc.boolean(),
  operationId,
})
/** As most are. */
const plainCreate = anyCreate.map((create) => ({ ...create, ...PLAIN }))
const PLAIN = {
  title: null,
  tags: [],
  expiresAt: null,
  maxVisits: null,
  isAlias: false,
  reuse: true,
}
const anyImport = fc
  .record({
    ...settings,
    kind: fc.constant('import' as const),
    code: anyCode,
    createdAt: time,
    age: fc.nat(2 ** 40),
    visits: fc.nat(MAX_VISITS_MAX),
    isAlias: fc.boolean(),
    lifecycle: fc.constantFrom('live' as const, 'deleted' as const),
    operationId,
  })
  .map(({ age, ...link }) => {
    const visits = link.maxVisits === null ? 0 : link.visits
    return Object.assign(link, { updatedAt: toEpochMs(link.createdAt + age), visits })
  })
const anyRequest: fc.Arbitrary<WriteRequest> = fc.oneof(
  plainCreate,
  anyCreate,
  fc.record({
    kind: fc.constant('update'),
    code: anyCode,
    changes: fc.record(settings, { requiredKeys: [] }),
  }),
  fc.record(
    {
      kind: fc.constantFrom('delete', 'restore', 'purge'),
      code: anyCode,
      ifMatch: fc.string(),
      operationId,
    },
    optional,
  ),
  fc.record({ kind: fc.constant('visit'), code: anyCode }),
  anyImport,
)
const anyResult: fc.Arbitrary<WriteResult> = fc.oneof(
  fc.record({ kind: fc.constantFrom('created', 'reused', 'done'), link: anyLink }),
  fc.record({ kind: fc.constantFrom('taken', 'absent', 'not_deleted', 'stale') }),
  fc.record({ kind: fc.constant('gone'), reason: anyReason }),
  fc.record({ kind: fc.constant('redirect'), url: anyUrl }),
)

test('every look-up arrives as it was sent', (t) => {
  const property = fc.property(anyLookup, (lookup) => {
    t.deepEqual(parseLookup(overTheWire(encodeLookup(lookup))), lookup)
  })
  fc.assert(property)
})

test('every link arrives as it was sent, and so does none', (t) => {
  const property = fc.property(anyLink, (link) => {
    t.deepEqual(parseLinkAnswer(overTheWire(encodeLink(link))), link)
  })
  fc.assert(property)
  t.is(parseLinkAnswer(overTheWire(encodeLink(undefined))), undefined)
})

test('every write arrives as it was sent', (t) => {
  const property = fc.property(anyRequest, (request) => {
    const sent = overTheWire(encodeWriteRequest(request))
    t.deepEqual(parseWriteRequest(sent), overTheWire(request))
  })
  fc.assert(property)
})

test('a plain create takes little more than its texts', (t) => {
  const property = fc.property(plainCreate, (request) => {
    const texts = [request.code, request.url, request.operationId]
    t.is(String(encodeWriteRequest(request)).length, texts.join('').length + 2)
  })
  fc.assert(property)
})

const sentBack = (result: WriteResult, request: WriteRequest) => {
  return parseWriteResult(overTheWire(encodeWriteResult(result, request)), request)
}

test('every result arrives as it was sent', (t) => {
  const property = fc.property(anyResult, anyRequest, (result, request) => {
    if (result.kind !== 'reused') t.deepEqual(sentBack(result, request), result)
  })
  fc.assert(property)
})

test('a link that was made or found as asked is sent without what the asker knows', (t) => {
  const property = fc.property(anyCreate, anyLink, time, (request, other, now) => {
    const created: WriteResult = { kind: 'created', link: newLink(request, now) }
    t.deepEqual(sentBack(created, request), created)
    t.is(encodeWriteResult(created, request), now)
    const { code, url } = request
    const reused: WriteResult = { kind: 'reused', link: { ...other, code, url } }
    t.deepEqual(sentBack(reused, request), reused)
    t.false(JSON.stringify(encodeWriteResult(reused, request)).includes('"url"'))
  })
  fc.assert(property)
})

test('a link that was made, and has changed since, is sent whole', (t) => {
  const request = fc.sample(anyCreate, 1)[0]!
  const link = newLink(request, toEpochMs(1))
  const changes: Partial<Link>[] = [
    { url: 'https://b.example/', updatedAt: toEpochMs(2) },
    { visits: 1 },
    { lifecycle: 'deleted', updatedAt: toEpochMs(2) },
  ]
  for (const change of changes) {
    const created: WriteResult = { kind: 'created', link: { ...link, ...change } }
    t.deepEqual(sentBack(created, request), created)
  }
})

test('neither a write nor its answer takes more than is counted for it', (t) => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 })
  const texts = { title: maybe(text), tags: fc.array(text, { maxLength: 10 }) }
  const property = fc.property(anyRequest, anyLink, fc.record(texts), (request, link, more) => {
    const asked = request.kind === 'create' ? { ...request, ...more } : request
    const bytes = writeBytes(asked)
    t.true(bytes <= WRITES_LIMITS.bytesMax)
    t.true(Buffer.byteLength(JSON.stringify(encodeWriteRequest(asked))) <= bytes)
    if (asked.kind !== 'create') return
    const reused: WriteResult = { kind: 'reused', link: { ...link, ...more, code: asked.code } }
    t.true(Buffer.byteLength(JSON.stringify(encodeWriteResult(reused, asked))) <= bytes)
  })
  fc.assert(property)
})

test('a purged link arrives without its URL', (t) => {
  const [link] = fc.sample(anyLink, 1)
  const purged: Link = { ...link!, lifecycle: 'purged', url: '' }
  t.deepEqual(parseLinkAnswer(overTheWire(purged)), purged)
})

test('whatever else comes is not understood, and breaks nothing', (t) => {
  const visit = { kind: 'visit', code: 'abc' as Code } as const
  const parseOfVisit = (value: unknown) => parseWriteResult(value, visit)
  const answers = [parseLookup, parseLinkAnswer, parseOfVisit]
  const property = fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
    for (const parse of answers) t.notThrows(() => parse(value))
    t.throws(() => parseWriteRequest(value), { instanceOf: TinygridError })
  })
  fc.assert(property)
  for (const value of ['moved', ['https://a.example/'], ['x', 1], 7, {}, true]) {
    t.true(parseLookup(value) instanceof TinygridError)
  }
  for (const value of ['x', {}, [], { code: 'a', url: 'https://a.example/' }]) {
    t.true(parseLinkAnswer(value) instanceof TinygridError)
  }
  for (const value of [null, 7, {}, { kind: 'merged' }, { kind: 'done' }, { kind: 'gone' }]) {
    t.true(parseOfVisit(value) instanceof TinygridError)
  }
})

test('a URL that cannot stand in a reply is no answer', (t) => {
  for (const url of [
    'javascript:x',
    'https://a.example/\r\nx: y',
    'https://a.example/é',
    `https://a.example/${'x'.repeat(100_000)}`,
  ]) {
    t.true(parseLookup(url) instanceof TinygridError)
    t.true(parseLookup([url, 1]) instanceof TinygridError)
    const redirect = parseWriteResult(
      { kind: 'redirect', url },
      { kind: 'visit', code: 'a' as Code },
    )
    t.true(redirect instanceof TinygridError)
  }
})

test('an import that tells of no possible past is refused by its field', (t) => {
  const [good] = fc.sample(anyImport, 1)
  const link = { ...good!, createdAt: 1000, updatedAt: 1000, maxVisits: 3, visits: 3 }
  t.deepEqual(parseWriteRequest(link), overTheWire(link))
  const wrong = [
    { updatedAt: 999 },
    { visits: -1 },
    { maxVisits: null },
    { createdAt: '2020' },
    { lifecycle: 'purged' },
    { isAlias: 1 },
    { url: 'javascript:alert(1)' },
    { code: 'api' },
  ]
  for (const fields of wrong) {
    const error = t.throws(() => parseWriteRequest({ ...link, ...fields }), {
      instanceOf: TinygridError,
    })
    t.is(error.code, 'invalid_field', JSON.stringify(fields))
  }
})

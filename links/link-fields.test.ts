import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from './errors.ts'
import { TIME_MAX, type EpochMs } from './ids.ts'
import {
  parseExpiry,
  parseIfMatch,
  parseMaxVisits,
  parseNewCode,
  parseOperationId,
  parseTags,
  parseTitle,
} from './link-fields.ts'
import { decodeLink, encodeLink, parseRecord } from './link-record.ts'
import { newLink, type CreateRequest } from './link-owner.ts'
import {
  MAX_VISITS_MAX,
  TAG_LENGTH_MAX,
  TAGS_MAX,
  TITLE_LENGTH_MAX,
  URL_BYTES_MAX,
} from './link.ts'
import { parseTargetUrl, SAFE_TARGETS } from './target-url.ts'

const PARSERS = [
  (value: unknown) => parseNewCode(value),
  (value: unknown) => parseTargetUrl(value, SAFE_TARGETS),
  (value: unknown) => parseTitle(value),
  (value: unknown) => parseTags(value),
  (value: unknown) => parseExpiry(value),
  (value: unknown) => parseMaxVisits(value),
  (value: unknown) => parseOperationId(value),
  (value: unknown) => parseIfMatch(value),
]

const longUrl = (bytes: number) => 'https://a.example/'.padEnd(bytes, 'x')

const anyText = fc.string({ unit: 'binary', maxLength: 300 })
const anything = fc.oneof(
  fc.anything(),
  anyText,
  fc.array(anyText),
  fc.double(),
  fc.bigInt(),
  fc.integer({ min: -1, max: 2 ** 49 }),
  anyText.map((text) => `https://a.example/${text}`),
)

test('a field is taken as it is stored, or refused as a wrong one', (t) => {
  const property = fc.property(anything, (value) => {
    for (const parse of PARSERS) {
      try {
        const stored = parse(value)
        t.deepEqual(parse(stored), stored)
      } catch (error) {
        t.true(hasCode(error, 'invalid_field', 'reserved_code'), String(error))
      }
    }
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('a link that fills every field is a whole record', (t) => {
  const title = parseTitle('😀'.repeat(TITLE_LENGTH_MAX))
  const tags = parseTags(
    Array.from({ length: TAGS_MAX }, (_, n) => `${n}${'😀'.repeat(TAG_LENGTH_MAX - 1)}`),
  )
  const request: CreateRequest = {
    kind: 'create',
    code: parseNewCode('c'.repeat(64)),
    url: parseTargetUrl(longUrl(URL_BYTES_MAX), SAFE_TARGETS),
    title,
    tags,
    expiresAt: parseExpiry(TIME_MAX),
    maxVisits: parseMaxVisits(MAX_VISITS_MAX),
    isAlias: true,
    reuse: false,
  }
  const link = newLink(request, TIME_MAX as EpochMs)
  const record = parseRecord(encodeLink(link))
  t.deepEqual(record && decodeLink(record), link)
})

test('one more than fits is refused', (t) => {
  const wrong: readonly (() => unknown)[] = [
    () => parseNewCode('c'.repeat(65)),
    () => parseTargetUrl(longUrl(URL_BYTES_MAX + 1), SAFE_TARGETS),
    () => parseTitle('😀'.repeat(TITLE_LENGTH_MAX + 1)),
    () => parseTags(['x'.repeat(TAG_LENGTH_MAX + 1)]),
    () => parseTags(Array.from({ length: TAGS_MAX + 1 }, String)),
    () => parseExpiry(TIME_MAX + 1),
    () => parseMaxVisits(MAX_VISITS_MAX + 1),
  ]
  for (const parse of wrong) t.throws(parse, { code: 'invalid_field' })
})

test('a reserved word says that it is one', (t) => {
  const error = t.throws(() => parseNewCode('Metrics', 'links[3].code'))
  t.true(hasCode(error, 'reserved_code'))
  t.like(error, {
    field: 'links[3].code',
    message: '"Metrics" is a reserved word: the service keeps it for itself. Choose another code',
  })
})

test('a title that is empty is none and has one line, and a tag that comes twice is one', (t) => {
  t.is(parseTitle(' \u00a0 '), null)
  t.is(parseTitle('one\r\ntwo\nthree\u2028four\n'), 'one two three four')
  t.deepEqual(parseTags([' a', 'a ', 'b']), ['a', 'b'])
})

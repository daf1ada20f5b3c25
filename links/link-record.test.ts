import test from 'ava'
import * as fc from 'fast-check'
import { parseFullCode } from './full-code.ts'
import { toEpochMs, type Code } from './ids.ts'
import {
  codeOfRecord,
  decodeLink,
  encodeLink,
  lookupRecord,
  parseRecord,
  RECORD_HEADER_BYTES,
  recordLength,
  updatedAtOf,
} from './link-record.ts'
import {
  lookupOf,
  TAGS_MAX,
  TAG_LENGTH_MAX,
  TITLE_LENGTH_MAX,
  URL_BYTES_MAX,
  type Link,
} from './link.ts'
import { isStoredUrl } from './target-url.ts'
import { withAnyOptions } from './testing/any-options.ts'

const plain: Link = {
  code: 'abc1234' as Code,
  url: 'https://example.org/',
  title: null,
  tags: [],
  createdAt: toEpochMs(1_000),
  updatedAt: toEpochMs(1_000),
  expiresAt: null,
  maxVisits: null,
  visits: 0,
  isAlias: false,
  lifecycle: 'live',
}

const time = fc.integer({ min: 0, max: 2 ** 45 }).map(toEpochMs)
const anyLink: fc.Arbitrary<Link> = withAnyOptions(
  fc.record({
    code: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map((code) => code as Code),
    url: fc.stringMatching(/^[!-~]{0,200}$/).map((path) => `https://example.org/${path}`),
    title: fc.option(fc.string({ unit: 'grapheme', maxLength: TITLE_LENGTH_MAX / 4 })),
    tags: fc.array(fc.string({ unit: 'grapheme', maxLength: TAG_LENGTH_MAX / 4 }), {
      maxLength: TAGS_MAX,
    }),
    createdAt: time,
    updatedAt: time,
    expiresAt: fc.option(time),
    maxVisits: fc.option(fc.nat()),
    visits: fc.nat(),
    isAlias: fc.boolean(),
    lifecycle: fc.constantFrom('live', 'deleted', 'purged'),
  }),
)

test('a link comes back from its bytes as it was, wherever they start', (t) => {
  const property = fc.property(anyLink, fc.nat(20), (given, offset) => {
    const link = { ...given, visits: given.maxVisits === null ? 0 : given.visits }
    const bytes = Buffer.concat([Buffer.alloc(offset), encodeLink(link)])
    t.deepEqual(decodeLink(bytes, offset), link)
    t.is(codeOfRecord(bytes, offset), link.code)
    t.is(updatedAtOf(bytes, offset), link.updatedAt)
  })
  fc.assert(property)
})

test('a record tells its own length, whatever follows it', (t) => {
  const property = fc.property(anyLink, fc.nat(20), (link, offset) => {
    const record = encodeLink(link)
    const bytes = Buffer.concat([Buffer.alloc(offset), record, Buffer.alloc(9, 0xff)])
    t.is(recordLength(bytes, offset), record.length)
  })
  fc.assert(property)
})

test('a visitor gets the same from the bytes as from the link', (t) => {
  const property = fc.property(anyLink, fc.nat(20), fc.nat(2), (given, offset, late) => {
    const visits = given.maxVisits === null ? 0 : given.visits
    const turn = given.validFrom ?? given.expiresAt ?? given.createdAt
    const now = toEpochMs(Math.max(0, turn + late - 1))
    const bytes = Buffer.concat([Buffer.alloc(offset), encodeLink({ ...given, visits })])
    t.deepEqual(lookupRecord(bytes, offset, now), lookupOf({ ...given, visits }, now))
  })
  fc.assert(property, { numRuns: 300 })
})

test('a plain link costs its header beyond its code and URL', (t) => {
  const payload = plain.code.length + plain.url.length
  t.is(encodeLink(plain).length, RECORD_HEADER_BYTES + payload)
})

/** As the version before options wrote them. */
const FROZEN: readonly (readonly [Partial<Link>, string])[] = [
  [{}, 'AAcAFAAAAAAD6GFiYzEyMzRodHRwczovL2V4YW1wbGUub3JnLw=='],
  [
    {
      isAlias: true,
      title: 'Über',
      tags: ['a', 'ü'],
      updatedAt: toEpochMs(2_000),
      expiresAt: toEpochMs(3_000),
      maxVisits: 5,
      visits: 2,
    },
    'PwcAFAAAAAAD6GFiYzEyMzRodHRwczovL2V4YW1wbGUub3JnLwAAAAAH0AAAAAALuAAAAAUAAAACAAXDnGJlcgIBYQLDvA==',
  ],
  [
    {
      lifecycle: 'deleted',
      createdAt: toEpochMs(1_600_000_000_000),
      updatedAt: toEpochMs(1_700_000_000_000),
    },
    'QgcAFAF0h26AAGFiYzEyMzRodHRwczovL2V4YW1wbGUub3JnLwGLz+VoAA==',
  ],
  [
    { lifecycle: 'purged', url: '', updatedAt: toEpochMs(1_001) },
    'ggcAAAAAAAAD6GFiYzEyMzQAAAAAA+k=',
  ],
]

test('a link without options has the bytes that it had before there were any, and they are read', (t) => {
  for (const [fields, frozen] of FROZEN) {
    const link = { ...plain, ...fields }
    t.is(encodeLink(link).toString('base64'), frozen)
    const record = parseRecord(Buffer.from(frozen, 'base64'))
    t.deepEqual(record && decodeLink(record), link)
  }
})

test('a link with options has bytes that never change', (t) => {
  const options = {
    validFrom: toEpochMs(5_000),
    redirectStatus: 308,
    expiredUrl: 'https://example.com/',
  } as const
  const bytes = encodeLink({ ...plain, ...options }).toString('base64')
  t.is(
    bytes,
    'AAeAFAAAAAAD6GFiYzEyMzRodHRwczovL2V4YW1wbGUub3JnLwAgAAcAAAAAE4gBNAAUaHR0cHM6Ly9leGFtcGxlLmNvbS8=',
  )
  t.deepEqual(decodeLink(Buffer.from(bytes, 'base64')), { ...plain, ...options })
})

test('a record with an option that is not known, or cannot be, is none', (t) => {
  const record = encodeLink({ ...plain, redirectStatus: 301 })
  const bits = record.length - 3
  for (const [at, value] of [
    [bits, 0x82], // of a newer version
    [bits, 0],
    [record.length - 1, 200], // no status of a redirect
    [bits - 2, 9],
  ] as const) {
    const damaged = Buffer.from(record)
    damaged[at] = value
    t.is(parseRecord(damaged), undefined, `${at}: ${value}`)
  }
  t.truthy(parseRecord(record))
})

test('bytes are a record only if they are a whole one', (t) => {
  const property = fc.property(anyLink, fc.nat(), (link, cut) => {
    const record = encodeLink(link)
    t.is(parseRecord(record), record)
    t.is(parseRecord(record.subarray(0, cut % record.length)), undefined)
    t.is(parseRecord(Buffer.concat([record, Buffer.alloc(1)])), undefined)
  })
  fc.assert(property)
})

test('of damaged bytes, what passes for a record can be read to its end', (t) => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
  const property = fc.property(anyLink, damage, (link, changes) => {
    const bytes = Buffer.from(encodeLink(link))
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    const record = parseRecord(bytes)
    if (record === undefined) return
    t.is(recordLength(record), bytes.length)
    t.notThrows(() => decodeLink(record))
    t.notThrows(() => lookupRecord(record, 0, toEpochMs(1)))
  })
  fc.assert(property, { numRuns: 2_000 })
  const others = fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    t.notThrows(() => parseRecord(Buffer.from(bytes)))
  })
  fc.assert(others)
})

test('a record whose URL cannot stand in a reply is none', (t) => {
  for (const url of [
    'javascript:alert(1)',
    'data:text/html,x',
    'mailto:a b',
    'https://a.example/\r\nx: y',
    'https://a.example/é',
    '',
  ]) {
    t.is(parseRecord(encodeLink({ ...plain, url })), undefined)
  }
  t.truthy(parseRecord(encodeLink({ ...plain, url: '', lifecycle: 'purged' })))
})

test('a record and its texts say the same of what a code and a URL are', (t) => {
  const unusual = fc.constantFrom(
    'http://',
    'https://',
    'https:/x',
    'http://a',
    'mailto:',
    'tel:1',
    'a+b.c-1:x',
    'javascript:1',
    'DATA:',
    ':',
    'HTTP://a',
    ' ',
    'é',
  )
  const anyText = fc.array(fc.oneof(fc.string({ maxLength: 3 }), unusual), { maxLength: 3 })
  const latin1 = anyText.map((parts) => parts.join('').slice(0, 80))
  const long = fc
    .tuple(fc.constantFrom('https://a.example/', 'tel:'), fc.integer({ min: -3, max: 3 }))
    .map(([start, more]) => start.padEnd(URL_BYTES_MAX + more, '1'))
  const property = fc.property(latin1, fc.oneof(latin1, long), fc.boolean(), (code, url, isOne) => {
    const link = { ...plain, code: (isOne ? 'abc' : code) as Code, url }
    const isRecord = parseRecord(encodeLink(link)) !== undefined
    t.is(isRecord, parseFullCode(link.code) !== undefined && isStoredUrl(url), JSON.stringify(link))
  })
  fc.assert(property, { numRuns: 2_000 })
})

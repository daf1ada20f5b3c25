import test from 'ava'
import * as fc from 'fast-check'
import {
  domainOf,
  FULL_CODE_LENGTH_MAX,
  fullCode,
  parseDomain,
  parseFullCode,
  plainCodeOf,
  type Domain,
} from './full-code.ts'
import { CODE_LENGTH_MAX, parseCode, type Code, type EpochMs, type PlainCode } from './ids.ts'
import { decodeLink, encodeLink, parseRecord } from './link-record.ts'
import type { Link } from './link.ts'

const plain = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map((text) => text as PlainCode)
const domain = fc.domain().map(parseDomain)
const either = fc.option(
  domain.filter((one) => one !== undefined),
  { nil: null },
)

test('what is put together is taken apart again, and no two links share a full code', (t) => {
  fc.assert(
    fc.property(either, plain, either, plain, (one, code, other, otherCode) => {
      const full = fullCode(one, code)
      t.is(domainOf(full), one)
      t.is(plainCodeOf(full), code)
      t.is(parseFullCode(full), full)
      t.true(full.length <= FULL_CODE_LENGTH_MAX)
      t.is(full === fullCode(other, otherCode), one === other && code === otherCode)
    }),
  )
})

test('on the default domain a full code is the plain one', (t) => {
  const code = parseCode('abc')!
  t.true(fullCode(null, code) === code)
  t.true(parseFullCode('abc') === code)
})

test('a domain is a host name in any case, kept in small letters and ASCII', (t) => {
  t.is(parseDomain('Go.Example') as string, 'go.example')
  t.is(parseDomain('go') as string, 'go')
  t.is(parseDomain('go.example.') as string, 'go.example')
  t.is(parseDomain('bücher.example') as string, 'xn--bcher-kva.example')
})

for (const text of [
  '',
  '.',
  'a b',
  'go.example:80',
  'go.example/a',
  'go_example',
  'a..b',
  '-a.example',
  'user@go.example',
  'go.example?',
  '[::1]',
  `${'a'.repeat(63)}.${'b'.repeat(63)}.cc`,
]) {
  test(`no domain: ${text}`, (t) => {
    t.is(parseDomain(text), undefined)
  })
}

for (const text of ['', '/', '/abc', 'go.example/', 'Go.example/abc', 'a/b/c', 'a b/c', 'go/a.b']) {
  test(`no full code: ${text}`, (t) => {
    t.is(parseFullCode(text), undefined)
  })
}

test('the longest full code fits into a record, and comes out as it was', (t) => {
  const name = `${'a'.repeat(63)}.${'b'.repeat(60)}.cc` as Domain
  t.is(name.length, 127)
  const code = fullCode(name, 'c'.repeat(CODE_LENGTH_MAX) as PlainCode)
  const record = parseRecord(encodeLink(linkWith(code)))
  t.truthy(record)
  t.is(decodeLink(record!).code, code)
  const damaged = Buffer.from(record!)
  damaged[damaged.indexOf('/')] = 0x2e
  t.is(parseRecord(damaged), undefined)
})

function linkWith(code: Code): Link {
  const at = 1 as EpochMs
  return {
    code,
    url: 'https://example.com/',
    title: null,
    tags: [],
    createdAt: at,
    updatedAt: at,
    expiresAt: null,
    maxVisits: null,
    visits: 0,
    isAlias: true,
    lifecycle: 'live',
  }
}

import test from 'ava'
import * as fc from 'fast-check'
import { TinygridError } from '../../links/errors.ts'
import { toEpochMs, type Code } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import { newLink, type WriteRequest, type WriteResult } from '../../links/link-owner.ts'
import {
  overTheWire,
  time,
  anyLink,
  anyLookup,
  anyCreate,
  anyRequest,
  anyResult,
} from '../testing/any-owner-values.ts'
import {
  encodeLink,
  encodeLookup,
  encodeWriteResult,
  parseLinkAnswer,
  parseLookup,
  parseWriteResult,
} from './owner-values.ts'
import { parseWriteRequest } from './write-requests.ts'

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
    const { link } = encodeWriteResult(reused, request) as { link: object }
    t.is((link as Partial<Link>).url, undefined)
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

import test from 'ava'
import type { Code, EpochMs, LogPosition } from '../../links/ids.ts'
import { decodeLink } from '../../links/link-record.ts'
import {
  EXPIRED_URL_BYTES_MAX,
  TAG_LENGTH_MAX,
  TAGS_MAX,
  TITLE_LENGTH_MAX,
  URL_BYTES_MAX,
  type Link,
} from '../../links/link.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { EVICT_SCAN_MAX, LinkTable } from './link-table.ts'

const NOW = 5000 as EpochMs
const CLEAN = { dirty: false }
const DIRTY = { dirty: true }

const code = (text: string) => text as Code
const position = (number: number) => number as LogPosition

function tableWith(...versions: Parameters<LinkTable['set']>[0][]): LinkTable {
  const table = new LinkTable()
  for (const version of versions) table.set(version, CLEAN)
  return table
}

function lookupOf(fields: Partial<Link>) {
  return tableWith(linkVersion('abc', 1, fields)).lookup(code('abc'), NOW)
}

test('a visitor is redirected to the URL of the code', (t) => {
  t.deepEqual(lookupOf({ url: 'https://a.example/x' }), {
    kind: 'redirect',
    url: 'https://a.example/x',
  })
})

test('a code that is not here is unknown, not absent', (t) => {
  const table = tableWith(linkVersion('abc', 1))
  t.deepEqual(table.lookup(code('abd'), NOW), { kind: 'unknown' })
  t.is(table.get(code('ab')), undefined)
})

test('a visitor learns why a link does not redirect', (t) => {
  t.deepEqual(lookupOf({ lifecycle: 'deleted' }), { kind: 'gone', reason: 'deleted' })
  t.deepEqual(lookupOf({ expiresAt: NOW }), { kind: 'gone', reason: 'expired' })
  t.deepEqual(lookupOf({ maxVisits: 3, visits: 3 }), { kind: 'gone', reason: 'used_up' })
  t.deepEqual(lookupOf({ maxVisits: 3, visits: 2 }), { kind: 'metered' })
  t.deepEqual(lookupOf({ lifecycle: 'purged' }), { kind: 'absent' })
})

test('a version is given back whole', (t) => {
  const given = linkVersion('abc', 7, { title: 'Ein Titel, größer', tags: ['a', 'b'] })
  const found = tableWith(given).get(code('abc'))
  t.deepEqual(found, given)
  t.deepEqual(decodeLink(found!.record), decodeLink(given.record))
})

const longest = (version: number) => ({
  url: `https://a.example/${version}`.padEnd(URL_BYTES_MAX, 'x'),
  title: '😀'.repeat(TITLE_LENGTH_MAX),
  tags: Array.from({ length: TAGS_MAX }, (_, n) => `${n}${'😀'.repeat(TAG_LENGTH_MAX - 1)}`),
  expiredUrl: 'https://a.example/'.padEnd(EXPIRED_URL_BYTES_MAX, 'x'),
  expiresAt: (NOW + 1) as EpochMs,
})

test('links that fill every field fit, are replaced and evicted, and take twice their bytes at most', (t) => {
  const table = new LinkTable()
  const codes = Array.from({ length: 200 }, (_, n) => code(`code-${n}`))
  for (const [n, name] of codes.entries()) table.set(linkVersion(name, 1, longest(n)), CLEAN)
  t.true(table.bytes < 2.1 * 200 * linkVersion('code-0', 1, longest(0)).record.length)
  for (const [n, name] of codes.entries()) table.set(linkVersion(name, 2, longest(n + 1)), CLEAN)
  for (const [n, name] of codes.entries()) {
    t.like(table.lookup(name, NOW), { kind: 'redirect', url: longest(n + 1).url })
  }
  while (table.size > 0) table.evict(2 ** 20)
  // What remains is given up as the compactor comes past.
  for (const name of codes) table.set(linkVersion(name, 3), CLEAN)
  t.true(table.bytes < 2 ** 16)
})

test('what was given out does not change with the table', (t) => {
  const table = tableWith(linkVersion('abc', 1, { url: 'https://a.example/1' }))
  const found = table.get(code('abc'))!
  table.set(linkVersion('abc', 2, { url: 'https://a.example/2' }), CLEAN)
  t.is(decodeLink(found.record).url, 'https://a.example/1')
})

test('a newer version replaces, whether it is as long, longer or shorter', (t) => {
  const table = tableWith(linkVersion('abc', 1, { url: 'https://a.example/1' }))
  const urls = ['https://a.example/2', 'https://a.example/longer-by-far', 'https://a.ex/']
  for (const [index, url] of urls.entries()) {
    table.set(linkVersion('abc', index + 2, { url }), CLEAN)
    t.like(table.lookup(code('abc'), NOW), { url })
    t.is(table.size, 1)
  }
})

test('a position that falls stops the process', (t) => {
  const table = tableWith(linkVersion('abc', 5))
  t.throws(() => table.set(linkVersion('abc', 4), CLEAN), { message: /older/ })
})

test('a version from the store never replaces what is here', (t) => {
  const table = tableWith(linkVersion('abc', 5))
  t.false(table.setIfAbsent(linkVersion('abc', 6)))
  t.true(table.setIfAbsent(linkVersion('abd', 1)))
  t.is(table.get(code('abc'))?.position, position(5))
  t.is(table.size, 2)
})

test('a link is removed only as the version that was meant', (t) => {
  const table = tableWith(linkVersion('abc', 5))
  table.remove(code('abc'), position(4))
  t.is(table.size, 1)
  table.remove(code('abc'), position(5))
  t.is(table.size, 0)
  t.deepEqual(table.lookup(code('abc'), NOW), { kind: 'unknown' })
})

test('a dirty link is never evicted, and is once it is marked clean', (t) => {
  const table = new LinkTable()
  table.set(linkVersion('abc', 1), DIRTY)
  t.deepEqual(table.evict(1), { links: 0, bytes: 0 })
  table.markClean(code('abc'), position(1))
  t.is(table.dirty, 0)
  t.is(table.evict(1).links, 1)
  t.is(table.size, 0)
})

test('a flush of an older version does not unpin the newer one', (t) => {
  const table = new LinkTable()
  table.set(linkVersion('abc', 1), DIRTY)
  table.set(linkVersion('abc', 2), DIRTY)
  table.markClean(code('abc'), position(1))
  t.is(table.dirty, 1)
  t.is(table.evict(1).links, 0)
})

test('a link visited since the hand passed survives the next pass, and no other does', (t) => {
  const table = tableWith(linkVersion('a', 1), linkVersion('b', 2), linkVersion('c', 3))
  table.lookup(code('b'), NOW)
  const everything = Infinity
  const size = table.evict(1).bytes
  t.is(table.get(code('a')), undefined, 'the oldest goes first')
  t.is(table.evict(size).links, 1)
  t.is(table.get(code('c')), undefined, 'the visited one was passed over')
  t.is(table.size, 1)
  t.is(table.evict(everything).links, 1, 'a second pass takes it')
})

test('one call of evict looks at a bounded number of links and goes on at the next', (t) => {
  const table = new LinkTable()
  const links = 2 * EVICT_SCAN_MAX
  for (let i = 0; i < links; i++) table.set(linkVersion(`c${i}`, i), CLEAN)
  for (let i = 0; i < EVICT_SCAN_MAX; i++) table.get(code(`c${i}`))
  t.is(table.evict(Infinity).links, 0)
  t.is(table.evict(Infinity).links, EVICT_SCAN_MAX)
})

test('a listing names every version once, and stops the process if the table changes', (t) => {
  const versions = [linkVersion('a', 1), linkVersion('b', 2), linkVersion('c', 3)]
  const table = tableWith(...versions)
  t.deepEqual([...table.versions()], versions)
  const listing = table.versions()
  listing.next()
  table.set(linkVersion('d', 4), CLEAN)
  t.throws(() => listing.next(), { message: /changed/ })
})

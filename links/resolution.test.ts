import test from 'ava'
import { toEpochMs, type EpochMs } from './ids.ts'
import { lookupOf } from './link.ts'
import { decodeLink, encodeLink, lookupRecord } from './link-record.ts'
import { resolveLink } from './resolution.ts'
import { SHORT_RULES } from './testing/sample-rules.ts'
import { testLink } from './testing/sample-links.ts'

const NOW = toEpochMs(5_000)
const IPHONE = { devices: ['mobile', 'ios'], language: 'en', country: '', draw: 0 } as const
const HASH = `$scrypt$ln=14,r=8,p=5$${'A'.repeat(22)}$${'A'.repeat(43)}`
const [rules] = SHORT_RULES

test('a link says where a visitor is sent, by which rule, and whether it counts', (t) => {
  const link = testLink('abc', { rules: rules!, redirectStatus: 307 })
  t.deepEqual(resolveLink(link, IPHONE, NOW), {
    kind: 'resolved',
    url: 'https://a.example/',
    rule: 1,
    isMetered: false,
    status: 307,
  })
  t.deepEqual(resolveLink(testLink('abc', { maxVisits: 2 }), IPHONE, NOW), {
    kind: 'resolved',
    url: 'https://example.com/abc',
    rule: 0,
    isMetered: true,
  })
})

test('what stops a redirect stops it whatever the rules say', (t) => {
  const at = (changes: object) =>
    resolveLink(testLink('abc', { rules: rules!, ...changes }), IPHONE, NOW)
  t.is(resolveLink(undefined, IPHONE, NOW).kind, 'absent')
  t.deepEqual(at({ lifecycle: 'deleted' }), { kind: 'gone', reason: 'deleted' })
  t.deepEqual(at({ expiresAt: NOW }), { kind: 'gone', reason: 'expired' })
  t.deepEqual(at({ maxVisits: 1, visits: 1 }), { kind: 'gone', reason: 'used_up' })
  t.is(at({ validFrom: NOW + 1 }).kind, 'scheduled')
  t.is(at({ validFrom: NOW }).kind, 'resolved')
})

test('a look-up tells nothing of a link with a password or rules but that it has some', (t) => {
  for (const [options, kind] of [
    [{ passwordHash: HASH }, 'protected'],
    [{ rules: rules! }, 'ruled'],
    [{ rules: rules!, maxVisits: 5 }, 'ruled'],
    [
      { rules: rules!, passwordHash: HASH, maxVisits: 5, redirectStatus: 301 as const },
      'protected',
    ],
    [{ rules: rules!, passwordHash: HASH, expiresAt: 1 as EpochMs }, 'gone'],
  ] as const) {
    const link = testLink('abc', options)
    const bytes = encodeLink(link)
    t.deepEqual(decodeLink(bytes), link)
    t.is(lookupOf(link, NOW).kind, kind)
    t.deepEqual(lookupRecord(bytes, 0, NOW), lookupOf(link, NOW))
    t.false(JSON.stringify(lookupOf(link, NOW)).includes('http'))
  }
})

/** Times and visits in words. */
import test from 'ava'
import type { Link } from './api.ts'
import { endOf, timeFromNow, visitsText } from './link-status.ts'

const NOW = Date.parse('2026-06-15T12:00:00Z')
const ago = (seconds: number) => timeFromNow(new Date(NOW - seconds * 1000).toISOString(), NOW)
const linkOf = (fields: Partial<Link>) =>
  ({ expiresAt: null, maxVisits: null, visits: null, ...fields }) as Link

test('a time is told in its largest whole unit', (t) => {
  t.is(ago(5), 'just now')
  t.is(ago(119), '1 minute ago')
  t.is(ago(3 * 3600), '3 hours ago')
  t.is(ago(30 * 3600), 'yesterday')
  t.is(ago(-50 * 3600), 'in 2 days')
  t.is(ago(-20), 'in less than a minute')
  t.is(ago(400 * 86_400), 'last year')
})

test('visits are told only where they are counted', (t) => {
  t.is(visitsText(linkOf({})), undefined)
  t.is(visitsText(linkOf({ visits: 1 })), '1')
  t.is(visitsText(linkOf({ visits: 12_840 })), '12,840')
  t.is(visitsText(linkOf({ visits: 3, maxVisits: 10 })), '3 of 10')
  t.is(visitsText(linkOf({ maxVisits: 1 })), 'at most 1')
})

test('a link has ended at its time, and with its last visit', (t) => {
  t.is(endOf(linkOf({ expiresAt: '2026-06-15T12:00:01Z' }), NOW), undefined)
  t.is(endOf(linkOf({ expiresAt: '2026-06-15T12:00:00Z' }), NOW), 'Expired')
  t.is(endOf(linkOf({ validFrom: '2026-06-15T12:00:01Z' }), NOW), 'Scheduled')
  t.is(endOf(linkOf({ validFrom: '2026-06-15T12:00:00Z' }), NOW), undefined)
  t.is(endOf(linkOf({ maxVisits: 2, visits: 1 }), NOW), undefined)
  t.is(endOf(linkOf({ maxVisits: 2, visits: 2 }), NOW), 'Used up')
})

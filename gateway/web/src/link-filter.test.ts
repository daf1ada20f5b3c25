import test from 'ava'
import type { Link, LinkQuery } from './api.ts'
import { narrowed } from './link-filter.ts'
import { NO_QUERY } from './link-list-state.ts'

const NOW = Date.parse('2026-06-15T12:00:00Z')
const linkOf = (code: string, createdAt: string, more: Partial<Link> = {}) =>
  ({ code, createdAt, expiresAt: null, maxVisits: null, visits: null, ...more }) as Link
const LINKS = [
  linkOf('new', '2026-06-14T23:30:00Z'),
  linkOf('over', '2026-06-13T12:00:00Z', { expiresAt: '2026-06-14T00:00:00Z' }),
  linkOf('used', '2026-06-12T12:00:00Z', { maxVisits: 3, visits: 3 }),
]

function found(query: Partial<LinkQuery>, zone = 'UTC') {
  const page = { links: LINKS, nextCursor: 'more' }
  const { links, nextCursor } = narrowed({ ...NO_QUERY, ...query }, page, NOW, zone)
  return [links.map(({ code }) => code).join(' '), nextCursor]
}

test('links are narrowed to a state', (t) => {
  t.deepEqual(found({}), ['new over used', 'more'])
  t.deepEqual(found({ state: 'working' }), ['new', 'more'])
  t.deepEqual(found({ state: 'expired' }), ['over', 'more'])
  t.deepEqual(found({ state: 'used-up' }), ['used', 'more'])
})

test('both days are included, as the wall clock has them', (t) => {
  t.deepEqual(found({ from: '2026-06-12', to: '2026-06-13' }), ['over used', 'more'])
  t.deepEqual(found({ to: '2026-06-14' }), ['new over used', 'more'])
  t.deepEqual(found({ to: '2026-06-14' }, 'Europe/Berlin'), ['over used', 'more'])
})

test('newest first, nothing is looked for behind the first day', (t) => {
  t.deepEqual(found({ from: '2026-06-13' }), ['new over', null])
  t.deepEqual(found({ from: '2026-06-13', sort: 'visits' }), ['new over', 'more'])
})

/** What time a question is about, and with what it is compared, where clocks are changed too. */
import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { comparedSpan, parseSpan, type TimeSpan } from './time-span.ts'

const NOW = time('2026-11-27T12:00:00Z')
const BERLIN = 'Europe/Berlin'

function time(text: string): EpochMs {
  return Date.parse(text) as EpochMs
}

function shown({ from, to }: TimeSpan): string[] {
  return [from, to].map((moment) => new Date(moment).toISOString().replace(':00.000', ''))
}

test('by default it is the last thirty days', (t) => {
  t.deepEqual(shown(parseSpan({ timezone: 'UTC' }, NOW)), [
    '2026-10-28T12:00Z',
    '2026-11-27T12:00Z',
  ])
})

test('dates begin where the time zone is', (t) => {
  const span = { from: '2026-03-29', to: '2026-03-30', timezone: BERLIN }
  t.deepEqual(shown(parseSpan(span, NOW)), ['2026-03-28T23:00Z', '2026-03-29T22:00Z'])
  const skipped = { from: '2011-12-30', to: '2012-01-01', timezone: 'Pacific/Apia' }
  t.deepEqual(shown(parseSpan(skipped, NOW)), ['2011-12-30T10:00Z', '2011-12-31T10:00Z'])
  t.deepEqual(
    shown(parseSpan({ from: '1970-01-01', to: '1970-01-02', timezone: 'UTC' }, NOW))[0],
    '1970-01-01T00:00Z',
  )
})

test('what is no time names the field', (t) => {
  const wrong: [object, string][] = [
    [{ from: 'yesterday' }, 'from'],
    [{ to: '2026-02-30' }, 'to'],
    [{ from: '1969-12-31' }, 'from'],
    [{ from: '2026-11-28' }, 'from'],
    [{ from: '2000-01-01' }, 'from'],
    [{ timezone: 'Europe/Vienne' }, 'timezone'],
  ]
  for (const [given, field] of wrong) {
    const error = t.throws(() => parseSpan({ timezone: 'UTC', ...given }, NOW))
    t.like(error, { code: 'invalid_field', field })
  }
})

test('days are compared with days, however long they were', (t) => {
  const week = parseSpan({ from: '2026-03-26', to: '2026-04-02', timezone: BERLIN }, NOW)
  const before = ['2026-03-18T23:00Z', '2026-03-25T23:00Z']
  t.deepEqual(shown(comparedSpan(week, BERLIN, 'previous')), before)
  const lastYear = ['2025-03-25T23:00Z', '2025-04-01T22:00Z']
  t.deepEqual(shown(comparedSpan(week, BERLIN, 'year')), lastYear)
  const leap = parseSpan({ from: '2028-02-29', to: '2028-03-01', timezone: 'UTC' }, NOW)
  t.deepEqual(shown(comparedSpan(leap, 'UTC', 'year')), ['2027-02-28T00:00Z', '2027-03-01T00:00Z'])
  const first = { from: 0 as EpochMs, to: 10 as EpochMs }
  t.like(
    t.throws(() => comparedSpan(first, 'UTC', 'previous')),
    { field: 'compare' },
  )
})

/** What a report's definition may be. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { toEpochMs } from '../../links/ids.ts'
import { changedReport, newReport, savedReport } from './report.ts'

const NOW = toEpochMs(1_800_000_000_000)
const GIVEN = { name: ' Where from ', period: 'week', groupBy: ['country', 'device'] }
const FULL = {
  ...GIVEN,
  timezone: 'Europe/Berlin',
  code: 'abc',
  filters: [{ field: 'country', values: ['DE', ''] }],
  bots: 'include',
  interval: 'day',
  limit: 5,
  schedule: { hour: 7, to: { webhook: 'abcdefghijkl' } },
}

test('a report has an id, and what was not said by default', (t) => {
  const report = newReport(GIVEN, NOW)
  t.regex(report.id, /^[a-z0-9-]{12}$/)
  t.like(report, {
    name: 'Where from',
    timezone: 'UTC',
    bots: 'exclude',
    schedule: null,
    limit: 20,
  })
})

test('what was saved is the same again', (t) => {
  const report = newReport(FULL, NOW)
  t.deepEqual(savedReport(JSON.stringify(report)), report)
  for (const text of ['', '{}', 'null', JSON.stringify({ ...report, id: '..' })]) {
    t.is(savedReport(text), undefined)
  }
})

test('a change leaves what it does not name, and may clear', (t) => {
  const report = newReport(FULL, NOW)
  const changed = changedReport(report, { schedule: null, code: null })
  t.deepEqual(changed, { ...report, schedule: null, code: null })
})

const REFUSED: readonly [object, string][] = [
  [{ period: 'day' }, 'name'],
  [{ name: 'x' }, 'period'],
  [{ ...GIVEN, name: 'a\nb' }, 'name'],
  [{ ...GIVEN, name: 'a'.repeat(81) }, 'name'],
  [{ ...GIVEN, period: 'year' }, 'period'],
  [{ ...GIVEN, timezone: 'Mars/Olympus' }, 'timezone'],
  [{ ...GIVEN, timezone: '../etc' }, 'timezone'],
  [{ ...GIVEN, code: 'a b' }, 'code'],
  [{ ...GIVEN, filters: [{ field: 'address', values: ['x'] }] }, 'filters[0].field'],
  [{ ...GIVEN, filters: [{ field: 'country', values: [] }] }, 'filters[0].values'],
  [{ ...GIVEN, filters: [{ field: 'country', values: ['a'.repeat(257)] }] }, 'filters[0].values'],
  [{ ...GIVEN, filters: [{ field: 'country', values: ['DE'], not: true }] }, 'not'],
  [{ ...GIVEN, groupBy: ['country', 'os', 'device'] }, 'groupBy'],
  [{ ...GIVEN, groupBy: ['os', 'os'] }, 'groupBy'],
  [{ ...GIVEN, limit: 0 }, 'limit'],
  [{ ...GIVEN, schedule: { hour: 24, to: 'directory' } }, 'schedule.hour'],
  [{ ...GIVEN, schedule: { to: '/etc' } }, 'schedule.to'],
  [{ ...GIVEN, __proto__: null, constructor: 1 }, 'constructor'],
  [{ ...GIVEN, id: 'abcdefghijkl' }, 'id'],
]

for (const [index, [given, field]] of REFUSED.entries()) {
  test(`what names ${field} is refused: case ${index}`, (t) => {
    const error = t.throws(() => newReport(given, NOW), { instanceOf: TinygridError })
    t.is(error.field, field)
  })
}

import test from 'ava'
import { periodOf } from './period.ts'
import { RANGES, USUAL_VIEW } from './stats-view.ts'
import { wallClock } from './zone.ts'

const NOW = Date.parse('2026-11-27T18:23:45Z')
const DAY_MS = 86_400_000

test('a usual period begins with a whole step and lasts up to now', (t) => {
  const starts = RANGES.filter((range) => range !== 'custom').map((range) => {
    const { from, to, interval } = periodOf({ ...USUAL_VIEW, range }, 'Europe/Berlin', NOW)
    t.true(to > NOW && to - NOW <= 120_000)
    return [range, new Date(wallClock(from, 'Europe/Berlin')).toISOString(), interval]
  })
  t.deepEqual(starts, [
    ['24h', '2026-11-26T20:00:00.000Z', 'hour'],
    ['7d', '2026-11-21T00:00:00.000Z', 'day'],
    ['30d', '2026-10-29T00:00:00.000Z', 'day'],
    // A Monday.
    ['12m', '2025-11-24T00:00:00.000Z', 'week'],
  ])
})

test('the longer the period, the longer its steps', (t) => {
  const steps = [1 / 24, 1, 30, 365, 4000].map((days) => {
    const view = { ...USUAL_VIEW, range: 'custom' as const, from: NOW - days * DAY_MS, to: NOW }
    return periodOf(view, 'UTC', NOW).interval
  })
  t.deepEqual(steps, ['minute', 'hour', 'day', 'week', 'month'])
})

import test from 'ava'
import {
  dateStart,
  dateText,
  daysSinceMonday,
  instantOf,
  isZone,
  midnight,
  wallClock,
} from './zone.ts'

const BERLIN = 'Europe/Berlin'
const at = (text: string) => Date.parse(text)
const iso = (time: number) => new Date(time).toISOString()

test('a day begins at midnight of the wall clock, in summer and in winter', (t) => {
  t.is(iso(midnight(at('2026-07-01T12:00:00Z'), BERLIN)), '2026-06-30T22:00:00.000Z')
  t.is(iso(midnight(at('2026-01-01T12:00:00Z'), BERLIN)), '2025-12-31T23:00:00.000Z')
  t.is(iso(midnight(at('2026-01-01T12:00:00Z'), 'UTC', -1)), '2025-12-31T00:00:00.000Z')
})

test('a day on which the clock changes has 23 or 25 hours', (t) => {
  t.deepEqual(['2026-03-29', '2026-10-25', '2026-10-26'].map(hoursOf), [23, 25, 24])
})

function hoursOf(day: string): number {
  const start = dateStart(day, BERLIN)!
  return (midnight(start, BERLIN, 1) - start) / 3_600_000
}

test('an hour that is twice is the first, one that is skipped is the one behind', (t) => {
  t.is(iso(instantOf(at('2026-10-25T02:30:00Z'), BERLIN)), '2026-10-25T00:30:00.000Z')
  const skipped = instantOf(at('2026-03-29T02:30:00Z'), BERLIN)
  t.is(iso(wallClock(skipped, BERLIN)), '2026-03-29T03:30:00.000Z')
})

test('a date is written as it is read', (t) => {
  for (const zone of ['UTC', BERLIN, 'America/New_York', 'Asia/Kathmandu']) {
    t.is(dateText(dateStart('2026-03-29', zone)!, zone), '2026-03-29')
  }
  t.is(dateStart('soon', 'UTC'), undefined)
  t.is(dateStart('2026-13-40', 'UTC'), undefined)
})

test('weeks begin on Monday', (t) => {
  t.is(daysSinceMonday(at('2026-11-23T00:00:00Z'), 'UTC'), 0)
  t.is(daysSinceMonday(at('2026-11-29T23:59:00Z'), 'UTC'), 6)
})

test('a zone is one that the browser knows', (t) => {
  t.true(isZone('UTC'))
  t.true(isZone(BERLIN))
  t.false(isZone('Mars/Base'))
  t.false(isZone(''))
})

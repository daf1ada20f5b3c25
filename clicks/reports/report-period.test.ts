/** Which period a report is about, and when it is due. */
import test from 'ava'
import { toEpochMs } from '../../links/ids.ts'
import { duePeriod, lastPeriod, type Span } from './report-period.ts'
import type { Period } from './report.ts'

const BERLIN = 'Europe/Berlin'

function last(period: Period, timezone: string, at: string): string {
  return textOf(lastPeriod({ period, timezone }, time(at)))
}

test('the last day, week and month are those that have ended', (t) => {
  const at = '2026-11-27T12:00:00Z' // a Friday
  t.is(last('day', 'UTC', at), '2026-11-26T00:00Z to 2026-11-27T00:00Z')
  t.is(last('week', 'UTC', at), '2026-11-16T00:00Z to 2026-11-23T00:00Z')
  t.is(last('month', 'UTC', at), '2026-10-01T00:00Z to 2026-11-01T00:00Z')
})

test('a period ends at the moment at which the next one begins', (t) => {
  t.is(last('day', 'UTC', '2026-11-27T00:00:00Z'), '2026-11-26T00:00Z to 2026-11-27T00:00Z')
  t.is(last('day', 'UTC', '2026-11-26T23:59:59.999Z'), '2026-11-25T00:00Z to 2026-11-26T00:00Z')
})

test('the day on which clocks go back has 25 hours', (t) => {
  const day = last('day', BERLIN, '2026-10-26T12:00:00Z')
  t.is(day, '2026-10-24T22:00Z to 2026-10-25T23:00Z')
})

test('a day that a zone left out is no period', (t) => {
  // Samoa had no 30 December 2011.
  const day = last('day', 'Pacific/Apia', '2011-12-31T01:00:00Z')
  t.is(day, '2011-12-29T10:00Z to 2011-12-30T10:00Z')
})

const DAILY = { period: 'day', timezone: BERLIN, createdAt: time('2026-11-01T12:00:00Z') } as const

test('a period is due when its hour has come, once', (t) => {
  t.is(due('2026-11-25T23:00:00Z', '2026-11-27T04:59:00Z'), undefined)
  const span = due('2026-11-25T23:00:00Z', '2026-11-27T05:00:00Z')
  t.is(textOf(span!), '2026-11-25T23:00Z to 2026-11-26T23:00Z')
  t.is(due('2026-11-26T23:00:00Z', '2026-11-27T05:01:00Z'), undefined)
})

test('of periods that were missed the last is sent', (t) => {
  const span = duePeriod(
    DAILY,
    { hour: 0 },
    time('2026-11-10T23:00:00Z'),
    time('2026-11-27T05:00:00Z'),
  )
  t.is(textOf(span!), '2026-11-25T23:00Z to 2026-11-26T23:00Z')
})

test('a report is not about what ended before it was made', (t) => {
  t.is(duePeriod(DAILY, { hour: 0 }, undefined, time('2026-11-01T13:00:00Z')), undefined)
  t.truthy(duePeriod(DAILY, { hour: 0 }, undefined, time('2026-11-01T23:00:00Z')))
})

function due(sentTo: string, now: string): Span | undefined {
  return duePeriod(DAILY, { hour: 6 }, time(sentTo), time(now))
}

function time(text: string) {
  return toEpochMs(Date.parse(text))
}

function textOf({ from, to }: Span): string {
  return `${short(from)} to ${short(to)}`
}

function short(at: number): string {
  return new Date(at).toISOString().replace(':00.000', '')
}

/** Buckets begin where the wall clock of the time zone says so. */
import test from 'ava'
import fc from 'fast-check'
import type { EpochMs } from '../../links/ids.ts'
import { bucketRuns, bucketStarts } from './buckets.ts'
import { INTERVALS, SERIES_POINTS_MAX, type Interval } from './question.ts'
import { offsetPieces } from './zone-offsets.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ODD_ZONES = [
  'Europe/Berlin',
  'America/St_Johns',
  'America/Argentina/San_Luis',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Antarctica/Troll',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kwajalein',
]

test('days have 23 and 25 hours where clocks are changed', (t) => {
  const spring = starts('day', 'Europe/Berlin', '2026-03-28T23:00Z', '2026-03-30T22:00Z')
  t.deepEqual(spring, ['2026-03-28T23:00Z', '2026-03-29T22:00Z'])
  const autumn = starts('day', 'Europe/Berlin', '2026-10-24T22:00Z', '2026-10-26T23:00Z')
  t.deepEqual(autumn, ['2026-10-24T22:00Z', '2026-10-25T23:00Z'])
})

test('the hour that a clock shows twice is two', (t) => {
  const hours = starts('hour', 'Europe/Berlin', '2026-10-24T23:30Z', '2026-10-25T02:30Z')
  t.deepEqual(hours, [
    '2026-10-24T23:00Z',
    '2026-10-25T00:00Z',
    '2026-10-25T01:00Z',
    '2026-10-25T02:00Z',
  ])
})

test('an hour may have a half more or less', (t) => {
  const autumn = starts('hour', 'Australia/Lord_Howe', '2026-04-04T14:00Z', '2026-04-04T17:00Z')
  t.deepEqual(autumn, ['2026-04-04T14:00Z', '2026-04-04T15:30Z', '2026-04-04T16:30Z'])
  const spring = starts('hour', 'Australia/Lord_Howe', '2026-10-03T14:30Z', '2026-10-03T17:00Z')
  t.deepEqual(spring, ['2026-10-03T14:30Z', '2026-10-03T15:30Z', '2026-10-03T16:00Z'])
})

test('a day that a zone left out has no bucket', (t) => {
  const days = starts('day', 'Pacific/Apia', '2011-12-29T10:00Z', '2012-01-01T10:00Z')
  t.deepEqual(days, ['2011-12-29T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z'])
})

test('a day begins once, though its clock falls back over midnight', (t) => {
  const days = starts('day', 'America/St_Johns', '2010-11-06T12:00Z', '2010-11-08T12:00Z')
  t.deepEqual(days, ['2010-11-06T02:30Z', '2010-11-07T02:30Z', '2010-11-08T03:30Z'])
})

test('weeks begin on Monday, months on their first, by the clock of the zone', (t) => {
  const weeks = starts('week', 'Asia/Kathmandu', '2026-06-17T12:00Z', '2026-06-30T00:00Z')
  t.deepEqual(weeks, ['2026-06-14T18:15Z', '2026-06-21T18:15Z', '2026-06-28T18:15Z'])
  const months = starts('month', 'Asia/Kathmandu', '2026-01-31T18:14Z', '2026-03-01T00:00Z')
  t.deepEqual(months, ['2025-12-31T18:15Z', '2026-01-31T18:15Z', '2026-02-28T18:15Z'])
})

test('no time has no bucket, and too many are refused', (t) => {
  t.deepEqual(bucketStarts('day', 'UTC', 5 as EpochMs, 5 as EpochMs), [])
  const most = bucketStarts('minute', 'UTC', 0 as EpochMs, (SERIES_POINTS_MAX * 60_000) as EpochMs)
  t.is(most.length, SERIES_POINTS_MAX)
  for (const to of [SERIES_POINTS_MAX * 60_000 + 1, 2 ** 47]) {
    t.throws(() => bucketStarts('minute', 'UTC', 0 as EpochMs, to as EpochMs), {
      code: 'invalid_field',
      message: /points/,
    })
  }
})

test('a zone that does not exist is refused', (t) => {
  t.throws(() => bucketStarts('day', 'Mars/Olympus', 0 as EpochMs, 1 as EpochMs), {
    code: 'invalid_field',
  })
})

test('offsets change when the platform says so', (t) => {
  const end = Date.UTC(2040, 0, 1)
  for (const zone of ODD_ZONES) {
    const changes = offsetPieces(zone, 0, end)
      .slice(1)
      .map(({ from }) => from)
    t.deepEqual(changes, changesOf(zone, end), zone)
  }
})

test('each moment is in one bucket, which begins by the clock of its zone', (t) => {
  const moment = fc.integer({ min: Date.UTC(1970, 1, 1), max: Date.UTC(2039, 0, 1) })
  const worlds = fc.record({
    zone: fc.constantFrom(...ODD_ZONES),
    interval: fc.constantFrom(...INTERVALS),
    from: moment,
    points: fc.integer({ min: 1, max: 300 }),
    share: fc.double({ min: 0, max: 0.999, noNaN: true }),
  })
  fc.assert(
    fc.property(worlds, ({ zone, interval, from, points, share }) => {
      const to = from + points * USUAL_MS[interval]
      const begins = bucketStarts(interval, zone, from as EpochMs, to as EpochMs)
      t.true(begins[0]! <= from && begins.every((start) => start < to))
      t.true(begins.every((start, index) => index === 0 || start > begins[index - 1]!))
      for (const start of begins) t.true(isBeginning(interval, zone, start), `${zone} ${start}`)
      const at = from + Math.floor(share * (to - from))
      const index = begins.findLastIndex((start) => start <= at)
      t.is(bucketByRuns(begins, at, to), index)
    }),
    { numRuns: 300 },
  )
})

const USUAL_MS = {
  minute: 60_000,
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
}

function starts(interval: Interval, zone: string, from: string, to: string): string[] {
  const times = bucketStarts(interval, zone, Date.parse(from) as EpochMs, Date.parse(to) as EpochMs)
  return times.map((time) => new Date(time).toISOString().replace(':00.000Z', 'Z'))
}

function bucketByRuns(begins: readonly EpochMs[], at: number, to: number): number {
  const run = bucketRuns(begins, to as EpochMs).findLast(({ from }) => from <= at)!
  return run.count === 1 ? run.index : run.index + Math.floor((at - run.from) / run.lengthMs)
}

/** Whether the clock shows another bucket than just before, or has just been changed. */
function isBeginning(interval: Interval, zone: string, start: number): boolean {
  const [now, before] = [start, start - 1].map((ms) =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime]
  if (now.offsetNanoseconds !== before.offsetNanoseconds) return true
  const isWholeMinute = now.second === 0 && now.millisecond === 0
  const isMidnight = isWholeMinute && now.hour === 0 && now.minute === 0
  if (interval === 'minute') return isWholeMinute
  if (interval === 'hour') return isWholeMinute && now.minute === 0
  if (interval === 'week') return isMidnight && now.dayOfWeek === 1
  return isMidnight && (interval === 'day' || now.day === 1)
}

/** All moments at which the offset changes, as the platform's own search finds them. */
function changesOf(zone: string, end: number): number[] {
  const changes: number[] = []
  let last = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
  while (true) {
    const next = last.getTimeZoneTransition('next')
    if (next === null || next.epochMilliseconds >= end) return changes
    const before = next.subtract({ nanoseconds: 1 })
    if (before.offsetNanoseconds !== next.offsetNanoseconds) changes.push(next.epochMilliseconds)
    last = next
  }
}

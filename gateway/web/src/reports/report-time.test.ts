import test from 'ava'
import { lastPeriod } from '../../../../clicks/reports/report-period.ts'
import type { EpochMs } from '../../../../links/ids.ts'
import { USUAL_VIEW } from '../stats/stats-view.ts'
import { dateStart, midnight } from '../stats/zone.ts'
import {
  isNewReport,
  momentOf,
  newReportAddress,
  reportAddress,
  reportPlaceOf,
} from './report-time.ts'
import { PERIODS } from './reports-api.ts'

const ID = 'abcdefghijkl'

test('the address holds the report and the day', (t) => {
  t.deepEqual(reportPlaceOf(reportAddress(ID)), { id: ID, date: undefined })
  t.deepEqual(reportPlaceOf(reportAddress(ID, '2026-03-04')), { id: ID, date: '2026-03-04' })
  for (const hash of ['#/reports', '#/reports/new', `#/reports/${ID}?date=x`, '#/stats']) {
    t.is(reportPlaceOf(hash), undefined)
  }
})

test('what the dashboard shows begins a report', (t) => {
  const view = { ...USUAL_VIEW, range: '7d' as const, codes: ['jazz'] }
  t.is(newReportAddress(view), '#/reports/new?code=jazz&range=7d')
  t.true(isNewReport(newReportAddress(view)))
  t.true(isNewReport(newReportAddress(USUAL_VIEW)))
  t.false(isNewReport('#/reports'))
})

test('asked for the moment of a day, the service answers for the period with that day', (t) => {
  for (const timezone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
    for (const period of PERIODS) {
      let at = dateStart('2026-01-01', timezone)!
      for (let day = 0; day < 400; day++, at = midnight(at, timezone, 1)) {
        const date = new Intl.DateTimeFormat('sv', { timeZone: timezone }).format(at)
        const moment = momentOf(period, date, timezone)! as EpochMs
        const { from, to } = lastPeriod({ period, timezone }, moment)
        t.true(from <= at && at < to, `${period} of ${date} in ${timezone}`)
      }
    }
  }
})

import test from 'ava'
import { USUAL_VIEW } from '../stats/stats-view.ts'
import { draftOfReport, draftOfView, newReportDraft, reportFieldsOf } from './report-draft.ts'
import type { Report } from './reports-api.ts'

const FIELDS = {
  name: 'Networks',
  period: 'month',
  timezone: 'Europe/Berlin',
  code: 'jazz',
  filters: [{ field: 'network', values: ['Some, Inc.', String.raw`back\slash`, ''] }],
  bots: 'only',
  interval: 'day',
  groupBy: ['country', 'browser'],
  limit: 5,
  schedule: { hour: 6, to: { webhook: 'abcdefghijkl' } },
} as const

test('a report that is opened and saved stays as it is', (t) => {
  for (const schedule of [FIELDS.schedule, { hour: 0, to: 'directory' as const }, null]) {
    const report = { ...FIELDS, schedule } as unknown as Report
    t.deepEqual(reportFieldsOf(draftOfReport(report)), { ...FIELDS, schedule })
  }
})

test('what is left empty is nothing', (t) => {
  const draft = { ...newReportDraft('UTC'), name: 'A', interval: '' as const, code: ' ' }
  const fields = reportFieldsOf({ ...draft, groupBy: ['', ''], limit: 'many' })
  t.like(fields, { code: null, interval: null, schedule: null, limit: 'many' })
  t.deepEqual(fields.groupBy, [])
})

test('values of a filter may have spaces around, a code its slash', (t) => {
  const filters = [{ field: 'country' as const, values: 'DE, AT' }]
  const fields = reportFieldsOf({ ...newReportDraft('UTC'), filters, code: '/jazz' })
  t.deepEqual(fields.filters, [{ field: 'country', values: ['DE', 'AT'] }])
  t.is(fields.code, 'jazz')
})

test('what the dashboard shows is carried over', (t) => {
  const filters = [{ field: 'country', values: ['DE'] }] as const
  const one = draftOfView({ ...USUAL_VIEW, codes: ['jazz'], range: '24h', filters }, 'Asia/Tokyo')
  t.like(one, { period: 'day', interval: 'hour', code: 'jazz', timezone: 'Asia/Tokyo' })
  t.deepEqual(one.filters, [{ field: 'country', values: 'DE' }])
  const two = draftOfView({ ...USUAL_VIEW, codes: ['a', 'b'], zone: 'UTC' }, 'Asia/Tokyo')
  t.like(two, { period: 'month', code: '', timezone: 'UTC', bots: 'include' })
  t.deepEqual(two.filters, [{ field: 'code', values: 'a,b' }])
})

/** A report's answer as a table and as CSV. */
import test from 'ava'
import { toEpochMs } from '../../links/ids.ts'
import type { Answer } from '../store/question.ts'
import { csvOf, tableOf } from './report-table.ts'

const ONE = { clicks: 1, humans: 1, bots: 0, visitors: 1 }
const ANSWER: Answer = {
  totals: { clicks: 3, humans: 3, bots: 0, visitors: 2 },
  series: [{ start: toEpochMs(0), ...ONE }],
  groups: [{ values: ['=cmd|x', '@a"b'], ...ONE }],
  other: { clicks: 2, humans: 2, bots: 0, visitors: 1 },
}

test('groups, what they leave, and the totals', (t) => {
  const table = tableOf({ groupBy: ['referrer', 'utmSource'], interval: null }, ANSWER)
  t.deepEqual(table.columns, ['referrer', 'utmSource', 'clicks', 'humans', 'bots', 'visitors'])
  t.deepEqual(table.rows, [
    ['=cmd|x', '@a"b', 1, 1, 0, 1],
    ['other', '', 2, 2, 0, 1],
    ['total', '', 3, 3, 0, 2],
  ])
})

test('without groups it is the series', (t) => {
  const table = tableOf({ groupBy: [], interval: 'day' }, ANSWER)
  t.deepEqual(table.rows[0], ['1970-01-01T00:00:00.000Z', 1, 1, 0, 1])
})

test('no cell is a formula', (t) => {
  const csv = csvOf(tableOf({ groupBy: ['referrer', 'utmSource'], interval: null }, ANSWER))
  t.is(csv.split('\r\n')[1], `'=cmd|x,"'@a""b",1,1,0,1`)
})

import test from 'ava'
import type { Answer } from './answer.ts'
import { curvesOf, linkCurves, zoomedTo } from './curve.ts'
import { fitsView } from './fitting.ts'
import { levelOf } from './levels.ts'
import { filtered, USUAL_VIEW } from './stats-view.ts'

const HOUR_MS = 3_600_000
const NO_COUNTS = { clicks: 0, humans: 0, bots: 0, visitors: 0 }
const series = (clicks: readonly number[]) =>
  clicks.map((count, index) => ({
    ...NO_COUNTS,
    start: new Date(index * HOUR_MS).toISOString(),
    clicks: count,
  }))
const answer = (clicks: readonly number[]): Answer => ({
  from: '',
  to: '',
  totals: NO_COUNTS,
  series: series(clicks),
  groups: [],
  other: null,
})
const drawn = { metric: 'clicks', name: 'Clicks', beforeName: 'Before' } as const

test('what has not come yet is not drawn', (t) => {
  const { starts, lines } = curvesOf({ answer: answer([1, 2, 3]), ...drawn, now: HOUR_MS })
  t.deepEqual(starts, [0, HOUR_MS])
  t.deepEqual(lines, [{ name: 'Clicks', values: [1, 2], kind: 'main' }])
})

test('the period before lies over this one step by step, even if it has fewer', (t) => {
  const both = { ...answer([1, 2, 3]), previous: answer([7, 8]) }
  const { lines } = curvesOf({ answer: both, ...drawn, now: 9 * HOUR_MS })
  t.deepEqual(lines[1], { name: 'Before', values: [7, 8, null], kind: 'before' })
})

test('links lie beside each other by the time', (t) => {
  const named = [
    ['/a', answer([1])],
    ['/b', answer([4, 5])],
  ] as const
  const { starts, lines } = linkCurves(named, 'clicks', 9 * HOUR_MS)
  t.is(starts.length, 2)
  t.deepEqual(
    lines.map(({ values }) => values),
    [
      [1, 0],
      [4, 5],
    ],
  )
})

test('a drag that was a slip of the hand zooms nowhere', (t) => {
  const period = { from: 0, to: 24 * HOUR_MS, interval: 'hour' as const }
  t.is(zoomedTo(10, 20_000, period), undefined)
  t.deepEqual(zoomedTo(61_000, HOUR_MS + 1, period), [60_000, HOUR_MS + 60_000])
})

test('a colour is as strong as the count, and none is for nothing alone', (t) => {
  t.deepEqual(
    [0, 1, 25, 50, 100].map((count) => levelOf(count, 100)),
    [0, 1, 3, 5, 6],
  )
  t.is(levelOf(0, 0), 0)
})

test('a live click is shown if it fits what is known of it', (t) => {
  const click = { code: 'jazz', at: '', kind: 'human', country: 'DE' }
  t.true(fitsView(USUAL_VIEW, click))
  t.false(fitsView({ ...USUAL_VIEW, codes: ['blues'] }, click))
  t.false(fitsView({ ...USUAL_VIEW, bots: 'only' }, click))
  t.false(fitsView({ ...USUAL_VIEW, bots: 'exclude' }, { ...click, kind: 'preview' }))
  t.true(fitsView(filtered(USUAL_VIEW, 'country', ['AT', 'DE']), click))
  t.false(fitsView(filtered(USUAL_VIEW, 'country', ['AT']), click))
  t.true(fitsView(filtered(USUAL_VIEW, 'utmSource', ['x']), click), 'not told')
})

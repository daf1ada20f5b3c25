import test from 'ava'
import fc from 'fast-check'
import { FIELDS, METRICS } from './answer.ts'
import {
  addressOf,
  BOT_CHOICES,
  COMPARISONS,
  filtered,
  toggled,
  USUAL_VIEW,
  viewOf,
  withBots,
  type StatsView,
} from './stats-view.ts'

const anyView = fc.record<StatsView>({
  codes: fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 4 }),
  range: fc.constantFrom('24h', '7d', '30d', '12m'),
  from: fc.constant(undefined),
  to: fc.constant(undefined),
  filters: fc.uniqueArray(
    fc.record({
      field: fc.constantFrom(...FIELDS),
      values: fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }),
    }),
    { selector: ({ field }) => field },
  ),
  bots: fc.constantFrom(...BOT_CHOICES),
  compare: fc.constantFrom(...COMPARISONS),
  metric: fc.constantFrom(...METRICS),
  zone: fc.constantFrom(undefined, 'UTC', 'Europe/Berlin'),
})

test('the address holds all that is shown, whatever the values are', (t) => {
  fc.assert(
    fc.property(anyView, (view) => {
      t.deepEqual(viewOf(addressOf(view)), view)
    }),
  )
})

test('what is as always is not in the address', (t) => {
  t.is(addressOf(USUAL_VIEW), '#/stats')
  t.is(addressOf({ ...USUAL_VIEW, codes: ['jazz'], range: '7d' }), '#/stats?code=jazz&range=7d')
})

test('an address can be read by a person', (t) => {
  const view = filtered(USUAL_VIEW, 'country', ['DE', 'AT'])
  t.is(addressOf(view), '#/stats?filter=country:DE,AT')
})

test('a custom range lasts from one time to a later one', (t) => {
  const custom = { ...USUAL_VIEW, range: 'custom' as const, from: 60_000, to: 120_000 }
  t.deepEqual(viewOf(addressOf(custom)), custom)
  t.is(viewOf('#/stats?from=2026-03-02&to=2026-03-01').range, '30d')
  t.is(viewOf('#/stats?range=custom').range, '30d')
})

test('what cannot be understood is passed over', (t) => {
  const nonsense = '#/stats?range=ever&bots=some&filter=shoe:42&filter=x&timezone=Mars/Base&from=no'
  t.deepEqual(viewOf(nonsense), USUAL_VIEW)
  t.is(viewOf('#/stats?code=a&code=b&code=c&code=d&code=e').codes.length, 4)
})

test('a value is chosen once, and again means no longer', (t) => {
  const german = toggled(USUAL_VIEW, 'country', 'DE')
  const both = toggled(german, 'country', 'AT')
  t.deepEqual(both.filters, [{ field: 'country', values: ['DE', 'AT'] }])
  t.deepEqual(toggled(toggled(both, 'country', 'AT'), 'country', 'DE'), USUAL_VIEW)
})

test('where bots are left out, what is counted of them is not shown', (t) => {
  const showingBots = { ...USUAL_VIEW, metric: 'bots' as const }
  t.is(withBots(showingBots, 'exclude').metric, 'clicks')
  t.is(withBots({ ...USUAL_VIEW, metric: 'visitors' }, 'only').metric, 'visitors')
})

/** Redirect rules between Shlink's form and ours. */
import test from 'ava'
import type { RedirectRule } from '../../../links/redirect-rules.ts'
import type { EpochMs } from '../../../links/ids.ts'
import { parseRules } from '../../../links/rule-fields.ts'
import { rulesOfBody } from '../../api/rule-fields.ts'
import { rulesOfShlink, shlinkRulesOf } from './redirect-conditions.ts'

const NOTHING = { devices: [], languages: [], countries: [], from: null, to: null }
const to = (url: string) => [{ url, weight: 1 }]

/** As a link keeps them, after they were shown to Shlink's client and came back from it. */
function thereAndBack(rules: readonly RedirectRule[]): RedirectRule[] {
  const redirectRules = shlinkRulesOf(rules).map(({ priority: _priority, ...rule }) => rule)
  const body = rulesOfBody(rulesOfShlink({ redirectRules }) ?? [], 'rules')
  return parseRules(body, (url) => String(url))
}

test('whatever rules a link has, with one target each, come back as they were', (t) => {
  const rules: RedirectRule[] = [
    {
      devices: ['android', 'ios'],
      languages: ['de', 'fr', 'pt-br'],
      countries: ['AT', 'DE', 'CH'],
      from: Date.UTC(2030, 0, 1) as EpochMs,
      to: Date.UTC(2031, 0, 1) as EpochMs,
      targets: to('https://example.com/all'),
    },
    { ...NOTHING, countries: ['FR', 'BE'], targets: to('https://example.com/fr') },
    { ...NOTHING, languages: ['fr'], targets: to('https://example.com/fr') },
    { ...NOTHING, targets: to('https://example.com/rest') },
  ]
  t.is(shlinkRulesOf(rules).length, 2 * 3 * 3 + 2 + 1 + 1)
  t.deepEqual(thereAndBack(rules), rules)
})

test('a rule with a condition more or less is not put together with its neighbour', (t) => {
  const rules: RedirectRule[] = [
    { ...NOTHING, devices: ['ios'], targets: to('https://example.com/') },
    { ...NOTHING, devices: ['ios'], countries: ['DE'], targets: to('https://example.com/') },
    { ...NOTHING, devices: ['android'], countries: ['AT'], targets: to('https://example.com/') },
    { ...NOTHING, devices: ['android'], countries: ['AT'], targets: to('https://example.com/b') },
  ]
  t.deepEqual(thereAndBack(rules), rules)
})

const named = (type: string) => ({ type, matchKey: 'a', matchValue: 'b' })

test('what a link cannot hold is refused by its name', (t) => {
  const refused = (...conditions: object[]) =>
    t.throws(() =>
      rulesOfShlink({ redirectRules: [{ longUrl: 'https://example.com/', conditions }] }),
    ).message
  for (const type of ['query-param', 'any-value-query-param', 'ip-address', 'browser', 'x']) {
    t.regex(refused(named(type)), new RegExp(`no condition "${type}" here`))
  }
  t.regex(refused(named('device'), named('device')), /one condition of type device/)
  t.regex(refused(named('before-date')), /ISO 8601/)
})

/**
 * Redirect rules as Shlink has them, and as links have them, both ways. Pure.
 *
 * A rule of Shlink's leads to one URL where all of its conditions hold, each of which has one value; one of ours
 * may have several devices, languages or countries, of which one is enough. So one of ours is shown as several,
 * one after the other, and such a row is put together again when it comes back. A condition that links do not
 * have is refused by its name: rules that are kept in part lead visitors astray.
 *
 * Languages differ a little: here the one that a visitor prefers decides, in Shlink any that it nearly prefers.
 */
import type { RedirectRule } from '../../../links/redirect-rules.ts'
import { formatIsoTime } from '../../api/iso-time.ts'
import type { RuleView } from '../../api/rule-fields.ts'
import { invalid } from '../../stats/question-request.ts'
import { bodyOf, type Body } from './short-url-body.ts'
import { isoOf } from './shlink-time.ts'

/** Of one request, before they are put together. */
const RULES_GIVEN_MAX = 1_000
const CONDITIONS_MAX = 10

interface Condition {
  readonly type: string
  readonly matchKey: null
  readonly matchValue: string
}

interface ShlinkRule {
  readonly longUrl: string
  readonly priority: number
  readonly conditions: readonly Condition[]
}

const LISTS = ['devices', 'languages', 'countries'] as const
type ListName = (typeof LISTS)[number]

const TYPE_OF_LIST: Readonly<Record<ListName, string>> = {
  devices: 'device',
  languages: 'language',
  countries: 'geolocation-country-code',
}

/** Of a rule that draws among several targets the first is shown: Shlink has no such rule. */
export function shlinkRulesOf(rules: readonly RedirectRule[]): ShlinkRule[] {
  return rules
    .flatMap((rule) => conditionsOf(rule).map((conditions) => ({ rule, conditions })))
    .map(({ rule, conditions }, index) => ({
      longUrl: rule.targets[0]!.url,
      priority: index + 1,
      conditions,
    }))
}

export function drawsTargets(rules: readonly RedirectRule[]): boolean {
  return rules.some(({ targets }) => targets.length > 1)
}

/** One list of conditions for each way in which the rule can hold. */
function conditionsOf({ from, to, ...lists }: RedirectRule): Condition[][] {
  const times = [
    ...(from === null ? [] : [condition('after-date', formatIsoTime(from))]),
    ...(to === null ? [] : [condition('before-date', formatIsoTime(to))]),
  ]
  let ways: Condition[][] = [[]]
  for (const name of LISTS) {
    const values = lists[name]
    if (values.length === 0) continue
    ways = ways.flatMap((way) =>
      values.map((value) => way.concat(condition(TYPE_OF_LIST[name], value))),
    )
  }
  return ways.map((way) => way.concat(times))
}

function condition(type: string, matchValue: string): Condition {
  return { type, matchKey: null, matchValue }
}

/** As a change of ours has them; null: none. @throws TinygridError invalid_field */
export function rulesOfShlink(body: Body): RuleView[] | null {
  const { redirectRules } = body
  if (!Array.isArray(redirectRules) || redirectRules.length > RULES_GIVEN_MAX) {
    throw invalid(
      'redirectRules',
      `redirectRules must be a list of at most ${RULES_GIVEN_MAX} rules`,
    )
  }
  const rules = redirectRules.map((rule, index) => ruleOf(bodyOf(rule), `redirectRules[${index}]`))
  return rules.length === 0 ? null : joined(rules)
}

function ruleOf({ longUrl, conditions }: Body, field: string): RuleView {
  if (!Array.isArray(conditions) || conditions.length > CONDITIONS_MAX) {
    throw invalid(field, `conditions must be a list of at most ${CONDITIONS_MAX}`)
  }
  const rule: { -readonly [Name in keyof RuleView]: RuleView[Name] } = { url: longUrl as string }
  for (const given of conditions) {
    const { type, matchValue } = bodyOf(given)
    Object.assign(rule, partOf(rule, String(type), matchValue, field))
  }
  return rule
}

function partOf(rule: RuleView, type: string, value: unknown, field: string): RuleView {
  const name = LISTS.find((list) => TYPE_OF_LIST[list] === type)
  if (name !== undefined) {
    // Both would have to hold.
    if (rule[name] !== undefined) throw twice(type, field)
    return { [name]: [name === 'languages' ? String(value).replace('_', '-') : value] }
  }
  if (type === 'after-date' || type === 'before-date') {
    const end = type === 'after-date' ? 'from' : 'to'
    if (rule[end] !== undefined) throw twice(type, field)
    return { [end]: isoOf(value, 'redirectRules') }
  }
  const known = [...Object.values(TYPE_OF_LIST), 'after-date', 'before-date'].join(', ')
  throw invalid(
    field,
    `There is no condition ${JSON.stringify(type.slice(0, 40))} here, but ${known}`,
  )
}

function twice(type: string, field: string) {
  return invalid(field, `A rule has one condition of type ${type} here`)
}

/** Neighbours that lead to the same place and differ in one list are one rule with both. */
function joined(rules: readonly RuleView[]): RuleView[] {
  let before = [...rules]
  for (;;) {
    const after: RuleView[] = []
    for (const rule of before) {
      const both = after.length === 0 ? undefined : joinedRule(after.at(-1)!, rule)
      if (both === undefined) after.push(rule)
      else after[after.length - 1] = both
    }
    if (after.length === before.length) return after
    before = after
  }
}

function joinedRule(a: RuleView, b: RuleView): RuleView | undefined {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof RuleView>
  const differing = [...names].filter((name) => !isAlike(a[name], b[name]))
  const [name, ...others] = differing
  if (name === undefined) return a
  const isOneList = others.length === 0 && LISTS.includes(name as ListName)
  // Without the list any value is meant.
  if (!isOneList || a[name] === undefined || b[name] === undefined) return undefined
  const values = new Set([...(a[name] as string[]), ...(b[name] as string[])])
  return { ...a, [name]: [...values] }
}

function isAlike(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

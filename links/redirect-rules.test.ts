import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from './errors.ts'
import { toEpochMs, type EpochMs } from './ids.ts'
import { chooseTarget, type RedirectRule, type Visitor } from './redirect-rules.ts'
import {
  formatRules,
  parseRules,
  parseVisitor,
  readRules,
  RULE_TARGETS_MAX,
  RULES_BYTES_MAX,
  RULES_MAX,
} from './rule-fields.ts'
import { parseTargetUrl, SAFE_TARGETS } from './target-url.ts'
import { anyRules, anyVisitor } from './testing/sample-rules.ts'

const NOON = toEpochMs(Date.UTC(2030, 0, 1, 12))
const HOME = 'https://example.com/home'
const NOBODY: Visitor = { devices: [], language: '', country: '', draw: 0.5 }
const parseUrl = (value: unknown, field: string) => parseTargetUrl(value, SAFE_TARGETS, field)

/** Those without targets lead to a page with their number. */
function rulesOf(...rules: object[]): RedirectRule[] {
  const given = rules.map((rule, index) => {
    return Object.assign({ targets: [{ url: `https://example.com/${index + 1}` }] }, rule)
  })
  return parseRules(given, parseUrl)
}

/** Which rule decides, from 1; 0: none. */
function decides(
  rules: RedirectRule[],
  visitor: Partial<Visitor> = {},
  at: EpochMs = NOON,
): number {
  return chooseTarget({ url: HOME, rules }, { ...NOBODY, ...visitor }, at).rule
}

test('the first rule that holds decides, and where none does the link’s own URL is meant', (t) => {
  const rules = rulesOf(
    { countries: ['DE'], devices: ['mobile'] },
    { countries: ['DE'] },
    {
      devices: ['mobile'],
    },
  )
  t.is(decides(rules, { country: 'DE', devices: ['mobile', 'ios'] }), 1)
  t.is(decides(rules, { country: 'DE', devices: ['desktop'] }), 2)
  t.is(decides(rules, { country: 'AT', devices: ['mobile'] }), 3)
  t.deepEqual(chooseTarget({ url: HOME, rules }, NOBODY, NOON), { url: HOME, rule: 0 })
})

test('a language stands for its regions, and for no other that begins alike', (t) => {
  const rules = rulesOf({ languages: ['pt-BR'] }, { languages: ['DE', 'fr'] })
  t.is(decides(rules, { language: 'de-at' }), 2)
  t.is(decides(rules, { language: 'fr' }), 2)
  t.is(decides(rules, { language: 'pt-br' }), 1)
  for (const language of ['pt', 'pt-pt', 'den', 'd', '']) t.is(decides(rules, { language }), 0)
})

test('what is not known of a visitor meets no condition', (t) => {
  t.is(decides(rulesOf({ countries: ['DE'] }, { devices: ['mobile'] }, { languages: ['de'] })), 0)
  t.is(decides(rulesOf({})), 1)
})

test('a time window holds from its first millisecond to the last before its end', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.integer({ min: 1, max: 2 ** 30 }),
      fc.integer({ min: 0, max: 2 ** 41 }),
      (from, ms, other) => {
        const to = from + ms
        const rules = rulesOf({ from, to })
        const at = (time: number) => decides(rules, {}, time as EpochMs)
        t.deepEqual([at(from - 1), at(from), at(to - 1), at(to)], [0, 1, 1, 0])
        t.is(at(other), other >= from && other < to ? 1 : 0)
        t.is(decides(rulesOf({ from }), {}, other as EpochMs), other >= from ? 1 : 0)
        t.is(decides(rulesOf({ to }), {}, other as EpochMs), other < to ? 1 : 0)
      },
    ),
  )
})

test('which rule decides is what a reading of them one by one says', (t) => {
  const property = fc.property(anyRules, anyVisitor, fc.nat(2_000), (rules, visitor, at) => {
    const time = at as EpochMs
    const alone = rules.map((rule) => {
      return chooseTarget({ url: HOME, rules: [rule] }, visitor, time).rule === 1
    })
    const { rule, url } = chooseTarget({ url: HOME, rules }, visitor, time)
    t.is(rule, alone.indexOf(true) + 1)
    const allowed = rule === 0 ? [HOME] : rules[rule - 1]!.targets.map((target) => target.url)
    t.true(allowed.includes(url))
  })
  fc.assert(property, { numRuns: 2_000 })
})

/** Of `draws` each target's share is within what one in a billion runs would exceed. */
const DRAWS = 100_000
const SIGMAS = 6

test('100,000 draws share the targets by their weights, within what chance allows', (t) => {
  const weights = fc.array(fc.integer({ min: 1, max: 1000 }), {
    minLength: 2,
    maxLength: RULE_TARGETS_MAX,
  })
  const property = fc.property(weights, fc.integer(), (drawn, seed) => {
    const targets = drawn.map((weight, index) => ({ url: `https://e.org/${index}`, weight }))
    const rules = rulesOf({ targets })
    const random = seeded(seed)
    const counts = new Map(targets.map(({ url }) => [url, 0]))
    for (let draw = 0; draw < DRAWS; draw++) {
      const visitor = { ...NOBODY, draw: random() }
      const { url } = chooseTarget({ url: HOME, rules }, visitor, NOON)
      counts.set(url, counts.get(url)! + 1)
    }
    const sum = drawn.reduce((all, weight) => all + weight, 0)
    for (const { url, weight } of targets) {
      const share = weight / sum
      const allowed = SIGMAS * Math.sqrt(DRAWS * share * (1 - share)) + 1
      t.true(Math.abs(counts.get(url)! - DRAWS * share) <= allowed, `${url} of ${drawn.join()}`)
    }
  })
  fc.assert(property, { numRuns: 10, seed: 11 })
})

/** Mulberry32: the same draws each time. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test('rules are read as they were written, and parsing them again changes nothing', (t) => {
  const property = fc.property(anyRules, (rules) => {
    const text = formatRules(rules)
    t.deepEqual(readRules(text), rules)
    t.deepEqual(parseRules(rules, parseUrl), rules)
    t.deepEqual(parseRules(JSON.parse(text), parseUrl), rules)
    t.true(/^[\x20-\x7e]*$/.test(text))
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('whatever is said to be rules is taken as it is stored, or refused with a name', (t) => {
  const part = fc.oneof(fc.anything(), fc.constantFrom('de', 'DE', 'mobile', 5, null, [], {}))
  const rule = fc.dictionary(
    fc.constantFrom('devices', 'languages', 'countries', 'from', 'to', 'targets', 'more'),
    fc.oneof(part, fc.array(part)),
  )
  const anything = fc.oneof(fc.anything(), fc.array(fc.oneof(rule, part), { maxLength: 22 }))
  const property = fc.property(anything, (value) => {
    for (const parse of [parseVisitor, (given: unknown) => parseRules(given, parseUrl)]) {
      try {
        const stored = parse(value)
        t.deepEqual(parse(stored), stored)
      } catch (error) {
        t.true(hasCode(error, 'invalid_field'), String(error))
      }
    }
  })
  fc.assert(property, { numRuns: 2_000 })
})

const refusals: readonly [field: string, ...rules: object[]][] = [
  ['rules[2].devices[0]', {}, {}, { devices: ['phone'] }],
  ['rules[0].languages[1]', { languages: ['de', 'de_AT'] }],
  ['rules[0].countries[0]', { countries: ['GER'] }],
  ['rules[0].countries[1]', { countries: ['de', 'ß'] }],
  ['rules[1].to', {}, { from: 5, to: 5 }],
  ['rules[0].from', { from: -1 }],
  ['rules[0].targets', { targets: [] }],
  ['rules[0].targets[1].weight', { targets: [{ url: HOME }, { url: HOME, weight: 0 }] }],
  ['rules[0].targets[0].url', { targets: [{ url: 'javascript:alert(1)' }] }],
  ['rules[0]', { weights: 5 }],
  ['rules'],
  ['rules', ...Array.from({ length: RULES_MAX + 1 }, () => ({}))],
  [
    'rules',
    ...Array.from({ length: RULES_MAX }, () => ({
      targets: [{ url: `https://e.org/${'a'.repeat(RULES_BYTES_MAX / RULES_MAX)}` }],
    })),
  ],
]

for (const [index, [field, ...rules]] of refusals.entries()) {
  test(`rules are refused with the name of what is wrong, ${index + 1}: ${field}`, (t) => {
    const error = t.throws(() => rulesOf(...rules))
    t.true(hasCode(error, 'invalid_field'))
    t.is((error as { field?: string }).field, field)
  })
}

/** Redirect rules and visitors for property tests, as they are stored. */
import * as fc from 'fast-check'
import type { EpochMs } from '../ids.ts'
import { RULE_DEVICES, type RedirectRule, type Visitor } from '../redirect-rules.ts'

const device = fc.constantFrom(...RULE_DEVICES)
const language = fc.constantFrom('de', 'de-at', 'en', 'en-gb', 'pt-br', 'zh-hant-tw')
const country = fc.constantFrom('DE', 'AT', 'US', 'BR')
const window = fc.uniqueArray(fc.nat(1_000), { minLength: 2, maxLength: 2 })
const target = fc.record({
  url: fc.webPath({ size: 'small' }).map((path) => URL.parse(`https://example.com${path}`)!.href),
  weight: fc.integer({ min: 1, max: 1000 }),
})

const anyRule = fc
  .record({
    devices: fc.uniqueArray(device, { maxLength: 3 }),
    languages: fc.uniqueArray(language, { maxLength: 3 }),
    countries: fc.uniqueArray(country, { maxLength: 3 }),
    isFrom: fc.boolean(),
    isTo: fc.boolean(),
    window,
    targets: fc.array(target, { minLength: 1, maxLength: 4 }),
  })
  .map(({ devices, languages, countries, isFrom, isTo, window: times, targets }): RedirectRule => {
    const [from, to] = times.toSorted((a, b) => a - b) as [EpochMs, EpochMs]
    const bounds = [isFrom ? from : null, isTo ? to : null] as const
    return { devices, languages, countries, from: bounds[0], to: bounds[1], targets }
  })

export const anyRules = fc.array(anyRule, { minLength: 1, maxLength: 6 })

export const anyVisitor: fc.Arbitrary<Visitor> = fc.record({
  devices: fc.uniqueArray(device, { maxLength: 2 }),
  language: fc.oneof(language, fc.constant('')),
  country: fc.oneof(country, fc.constant('')),
  draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map(Math.abs),
})

/** Some that fit into small records. */
export const SHORT_RULES: readonly (readonly RedirectRule[])[] = [
  [
    {
      devices: ['ios'],
      languages: [],
      countries: [],
      from: null,
      to: null,
      targets: [{ url: 'https://a.example/', weight: 1 }],
    },
  ],
  [
    {
      devices: [],
      languages: ['de'],
      countries: ['AT'],
      from: 5 as EpochMs,
      to: null,
      targets: [
        { url: 'https://a.example/', weight: 1 },
        { url: 'https://b.example/', weight: 2 },
      ],
    },
  ],
]

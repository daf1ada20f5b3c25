/**
 * Redirect rules as requests write them and replies show them.
 *
 * Used with the other options (`link-option-fields.ts`). What a rule may hold says `links/rule-fields.ts`; here
 * times are ISO 8601, countries are some that visitors can come from, what is left out is any, and a rule with one target has a `url` in place of a list
 * of `targets`. What is shown can be given again.
 */
import { Type } from 'typebox'
import { URL_BYTES_MAX } from '../../links/link.ts'
import { RULE_DEVICES, type RedirectRule, type RuleDevice } from '../../links/redirect-rules.ts'
import {
  RULE_COUNTRIES_MAX,
  RULE_LANGUAGES_MAX,
  RULE_TARGETS_MAX,
  RULE_WEIGHT_MAX,
  RULES_BYTES_MAX,
  RULES_MAX,
} from '../../links/rule-fields.ts'
import { TinygridError } from '../../links/errors.ts'
import { formatIsoTime, parseIsoTimeField } from './iso-time.ts'
import { nullable, TIME_LENGTH_MAX } from './schema-parts.ts'

const strict = { additionalProperties: false }
const ruleUrl = Type.String({ minLength: 1, maxLength: URL_BYTES_MAX })
const time = nullable(
  Type.String({ maxLength: TIME_LENGTH_MAX, examples: ['2030-01-31T12:00:00Z'] }),
  'ISO 8601 with Z or an offset',
)
const few = (maxItems: number, description: string) => ({ maxItems, description })

export const ruleSchema = Type.Object(
  {
    devices: Type.Optional(
      Type.Array(
        Type.Unsafe<RuleDevice>({ type: 'string', enum: [...RULE_DEVICES] }),
        few(RULE_DEVICES.length, 'Kinds of devices or their systems: one of them is enough'),
      ),
    ),
    languages: Type.Optional(
      Type.Array(
        Type.String({ maxLength: 16, examples: ['de', 'pt-BR'] }),
        few(
          RULE_LANGUAGES_MAX,
          'The language that the visitor prefers is one of these; de stands for de-AT too',
        ),
      ),
    ),
    countries: Type.Optional(
      Type.Array(
        Type.String({ minLength: 2, maxLength: 2, examples: ['DE'] }),
        few(RULE_COUNTRIES_MAX, 'ISO 3166-1 alpha-2: the visitor’s address is of one of these'),
      ),
    ),
    from: Type.Optional(time),
    to: Type.Optional(time),
    url: Type.Optional(ruleUrl),
    targets: Type.Optional(
      Type.Array(
        Type.Object(
          {
            url: ruleUrl,
            weight: Type.Optional(
              Type.Integer({ minimum: 1, maximum: RULE_WEIGHT_MAX, default: 1 }),
            ),
          },
          strict,
        ),
        {
          minItems: 1,
          maxItems: RULE_TARGETS_MAX,
          description: 'In place of url: one of them is drawn for each visit, by weight',
        },
      ),
    ),
  },
  {
    ...strict,
    title: 'RedirectRule',
    description: 'Holds where all of its conditions do: from its first moment to before its last',
  },
)

export type RuleView = Type.Static<typeof ruleSchema>

export const givenRules = Type.Unsafe<RuleView[] | null>({
  ...Type.Array(ruleSchema, { maxItems: RULES_MAX }),
  type: ['array', 'null'],
  description:
    'Where visitors are sent instead: the first rule that holds decides, and where none does, url. ' +
    `Together at most ${RULES_BYTES_MAX} bytes. Such redirects are not kept by caches`,
})

export const shownRules = Type.Unsafe<RuleView[] | null>({
  ...Type.Array(ruleSchema),
  type: ['array', 'null'],
})

/** As `links/rule-fields.ts` takes them. @throws TinygridError invalid_field */
export function rulesOfBody(rules: readonly RuleView[], field: string): unknown {
  return rules.length === 0 ? null : rules.map((rule, index) => ruleOf(rule, `${field}[${index}].`))
}

/** What is written for several countries, or for none. */
const NO_COUNTRIES = new Set(['EU', 'EZ', 'UN', 'ZZ'])
const COUNTRY = /^[a-z]{2}$/i
const countryNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** A rule for `UK` would hold for nobody: no visitor comes from there, but from GB. */
function refuseNoCountry(country: string, index: number, field: string): void {
  if (!COUNTRY.test(country)) return
  const given = country.toUpperCase()
  const meant = new Intl.Locale(`und-${given}`).region
  const isOne = !NO_COUNTRIES.has(given) && countryNames.of(given) !== undefined
  if (isOne && meant === given) return
  const instead = isOne ? `: write ${meant}` : ''
  const detail = `There is no country ${given} in ISO 3166-1${instead}`
  throw new TinygridError('invalid_field', { field: `${field}[${index}]`, detail })
}

function ruleOf({ from = null, to = null, ...rule }: RuleView, prefix: string): object {
  for (const [index, country] of (rule.countries ?? []).entries()) {
    refuseNoCountry(country, index, `${prefix}countries`)
  }
  return {
    ...rule,
    from: from === null ? null : parseIsoTimeField(from, prefix, 'from'),
    to: to === null ? null : parseIsoTimeField(to, prefix, 'to'),
  }
}

export function viewOfRules(rules: readonly RedirectRule[]): RuleView[] {
  return rules.map(({ devices, languages, countries, from, to, targets }) =>
    Object.assign(
      devices.length > 0 ? { devices: [...devices] } : {},
      languages.length > 0 ? { languages: [...languages] } : {},
      countries.length > 0 ? { countries: [...countries] } : {},
      from === null ? {} : { from: formatIsoTime(from) },
      to === null ? {} : { to: formatIsoTime(to) },
      targets.length === 1 ? { url: targets[0]!.url } : { targets: [...targets] },
    ),
  )
}

/**
 * What redirect rules may hold: the parser of them, and the text in which they are stored.
 *
 * Used by the gateway for what clients send, by owners for what other processes send, and for the bytes
 * of a link. `parseRules` takes whatever came and gives rules as they are kept, which it gives again
 * for those; or it throws invalid_field with a name such as `rules[2].devices[0]`. Times are numbers here; the
 * gateway makes them of what clients write.
 *
 * The text is JSON without what is left out, and ASCII, since URLs are. Rejected: bytes of its own: few links
 * have rules, and who reads them needs all of them.
 */
import { TinygridError } from './errors.ts'
import { TIME_MAX, type EpochMs } from './ids.ts'
import {
  RULE_DEVICES,
  type RedirectRule,
  type RuleDevice,
  type RuleTarget,
  type Visitor,
} from './redirect-rules.ts'
import { isStoredUrl } from './target-url.ts'

export const RULES_MAX = 20
/** Of one rule. */
export const RULE_TARGETS_MAX = 10
export const RULE_LANGUAGES_MAX = 20
export const RULE_COUNTRIES_MAX = 60
export const RULE_WEIGHT_MAX = 1000
/** Of all rules of a link, as they are stored. */
export const RULES_BYTES_MAX = 16 * 1024
const LANGUAGE_LENGTH_MAX = 16

const LANGUAGE = /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i
const COUNTRY = /^[a-z]{2}$/i
const CONDITIONS = ['devices', 'languages', 'countries', 'from', 'to', 'url', 'targets'] as const

type Fields = Readonly<Record<string, unknown>>

/** Gives the target as it is stored. @throws TinygridError invalid_field */
export type ParseTarget = (value: unknown, field: string) => string

/** @throws TinygridError invalid_field */
export function parseRules(value: unknown, parseUrl: ParseTarget, field = 'rules'): RedirectRule[] {
  const given = listOf(value, RULES_MAX, field)
  if (given.length === 0) throw wrong(field, 'There is at least one rule, or null')
  const rules = given.map((rule, index) => parseRule(rule, parseUrl, `${field}[${index}]`))
  if (formatRules(rules).length > RULES_BYTES_MAX) {
    throw wrong(field, `All rules of a link together have at most ${RULES_BYTES_MAX} bytes`)
  }
  return rules
}

function parseRule(value: unknown, parseUrl: ParseTarget, field: string): RedirectRule {
  if (!isFields(value)) throw wrong(field, 'A rule is an object')
  const stray = Object.keys(value).find((name) => !CONDITIONS.some((known) => known === name))
  if (stray !== undefined) throw wrong(field, `A rule has no ${JSON.stringify(stray.slice(0, 40))}`)
  const { devices = [], languages = [], countries = [], from = null, to = null } = value
  const rule = {
    devices: eachOf(devices, RULE_DEVICES.length, `${field}.devices`, parseDevice),
    languages: eachOf(languages, RULE_LANGUAGES_MAX, `${field}.languages`, parseLanguageRange),
    countries: eachOf(countries, RULE_COUNTRIES_MAX, `${field}.countries`, parseCountry),
    from: parseTime(from, `${field}.from`),
    to: parseTime(to, `${field}.to`),
    targets: parseTargets(value, parseUrl, field),
  }
  if (rule.from !== null && rule.to !== null && rule.to <= rule.from) {
    throw wrong(`${field}.to`, 'A time window ends after it begins')
  }
  return rule
}

/** A rule with one target may have its `url` in place of a list. */
function parseTargets(rule: Fields, parseUrl: ParseTarget, field: string): RuleTarget[] {
  const { url, targets } = rule
  if (targets === undefined) return [{ url: parseUrl(url, `${field}.url`), weight: 1 }]
  if (url !== undefined) throw wrong(`${field}.targets`, 'A rule has a url or targets, not both')
  const given = listOf(targets, RULE_TARGETS_MAX, `${field}.targets`)
  if (given.length === 0) throw wrong(`${field}.targets`, 'A rule leads somewhere')
  return given.map((target, index) => parseTarget(target, parseUrl, `${field}.targets[${index}]`))
}

function parseTarget(value: unknown, parseUrl: ParseTarget, field: string): RuleTarget {
  if (!isFields(value)) throw wrong(field, 'A target is an object with a url')
  const { weight = 1 } = value
  const url = parseUrl(value['url'], `${field}.url`)
  const isWeight = Number.isSafeInteger(weight) && Number(weight) >= 1
  if (isWeight && Number(weight) <= RULE_WEIGHT_MAX) return { url, weight: Number(weight) }
  throw wrong(`${field}.weight`, `This must be a whole number from 1 to ${RULE_WEIGHT_MAX}`)
}

function parseDevice(value: unknown, field: string): RuleDevice {
  const device = RULE_DEVICES.find((known) => known === value)
  if (device === undefined) throw wrong(field, `This must be one of ${RULE_DEVICES.join(', ')}`)
  return device
}

function parseLanguageRange(value: unknown, field: string): string {
  const isShort = typeof value === 'string' && value.length <= LANGUAGE_LENGTH_MAX
  if (isShort && LANGUAGE.test(value)) return value.toLowerCase()
  throw wrong(field, 'This must be a language such as de or pt-BR')
}

function parseCountry(value: unknown, field: string): string {
  if (typeof value === 'string' && COUNTRY.test(value)) return value.toUpperCase()
  throw wrong(field, 'This must be a country of two letters, such as DE')
}

function parseTime(value: unknown, field: string): EpochMs | null {
  if (value === null) return null
  const isTime = Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= TIME_MAX
  if (isTime) return value as EpochMs
  throw wrong(field, 'This must be a time in milliseconds since 1970, or null')
}

/** Each once. */
function eachOf<T>(
  value: unknown,
  max: number,
  field: string,
  parse: (one: unknown, field: string) => T,
): T[] {
  const parsed = listOf(value, max, field).map((one, index) => parse(one, `${field}[${index}]`))
  return [...new Set(parsed)]
}

function listOf(value: unknown, max: number, field: string): unknown[] {
  if (!Array.isArray(value)) throw wrong(field, 'This must be a list')
  if (value.length > max) throw wrong(field, `There are at most ${max} of these`)
  return value as unknown[]
}

/** What is known of a visitor, as another node says it. @throws TinygridError invalid_field */
export function parseVisitor(value: unknown, field = 'visitor'): Visitor {
  if (!isFields(value)) throw wrong(field, 'A visitor is an object')
  const { language, country, draw } = value
  const isDraw = typeof draw === 'number' && draw >= 0 && draw < 1
  if (!isDraw) throw wrong(`${field}.draw`, 'This must be a number from 0 to below 1')
  return {
    devices: eachOf(value['devices'], 2, `${field}.devices`, parseDevice),
    language: language === '' ? '' : parseLanguageRange(language, `${field}.language`),
    country: country === '' ? '' : parseCountry(country, `${field}.country`),
    draw,
  }
}

/** What `readRules` reads again; at most RULES_BYTES_MAX of ASCII for rules that were parsed. */
export function formatRules(rules: readonly RedirectRule[]): string {
  return JSON.stringify(
    rules.map(({ devices, languages, countries, from, to, targets }) => ({
      ...(devices.length > 0 && { devices }),
      ...(languages.length > 0 && { languages }),
      ...(countries.length > 0 && { countries }),
      ...(from !== null && { from }),
      ...(to !== null && { to }),
      targets,
    })),
  )
}

/** @throws Error if the text is none that `formatRules` gives */
export function readRules(text: string): RedirectRule[] {
  return parseRules(JSON.parse(text), parseStoredUrl)
}

/** Whether they can have been made by `parseRules`, by these settings or earlier ones. */
export function areStoredRules(value: unknown): boolean {
  try {
    const rules = parseRules(value, parseStoredUrl)
    return JSON.stringify(rules) === JSON.stringify(value)
  } catch {
    return false
  }
}

function parseStoredUrl(value: unknown, field: string): string {
  if (typeof value === 'string' && isStoredUrl(value)) return value
  throw wrong(field, 'This is no stored URL')
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}

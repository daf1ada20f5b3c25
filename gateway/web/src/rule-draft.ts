/**
 * Redirect rules as the fields of a form, and what they mean to the service.
 *
 * Used by the rule editor and the link draft. Pure. A draft of a link keeps its rules as one text, so that they
 * compare like every other field. Checks nothing: the service says what is wrong, by the number of the
 * rule. Times are local in the form and UTC on the wire.
 */

/** As the service sends and takes it. */
export interface RedirectRule {
  readonly devices?: readonly string[]
  readonly languages?: readonly string[]
  readonly countries?: readonly string[]
  readonly from?: string | null
  readonly to?: string | null
  readonly url?: string
  readonly targets?: readonly { readonly url: string; readonly weight?: number }[]
}

/** Every value is the text of its field. */
export interface RuleDraft {
  /** These three separated by commas. */
  readonly devices: string
  readonly languages: string
  readonly countries: string
  /** As `<input type="datetime-local">` has it. */
  readonly from: string
  readonly to: string
  /** One address a line, with its weight in front if there are several. */
  readonly targets: string
}

export const EMPTY_RULE: RuleDraft = {
  devices: '',
  languages: '',
  countries: '',
  from: '',
  to: '',
  targets: '',
}

/** The rules of a link's draft, as they stand in their fields. */
export function ruleDrafts(text: string): RuleDraft[] {
  return text === '' ? [] : (JSON.parse(text) as RuleDraft[])
}

export function ruleText(rules: readonly RuleDraft[]): string {
  return rules.length === 0 ? '' : JSON.stringify(rules)
}

export interface TimeTexts {
  readonly toUtc: (local: string) => string
  readonly toLocal: (utc: string) => string
}

/** null: no rules. */
export function rulesOf(text: string, { toUtc }: TimeTexts): RedirectRule[] | null {
  const rules = ruleDrafts(text).map(({ devices, languages, countries, from, to, targets }) =>
    Object.assign(
      listed('devices', devices.toLowerCase()),
      listed('languages', languages),
      listed('countries', countries),
      from === '' ? {} : { from: toUtc(from) },
      to === '' ? {} : { to: toUtc(to) },
      targetsOf(targets),
    ),
  )
  return rules.length === 0 ? null : rules
}

export function textOfRules(rules: readonly RedirectRule[], { toLocal }: TimeTexts): string {
  return ruleText(
    rules.map(({ devices = [], languages = [], countries = [], from, to, url, targets }) => ({
      devices: devices.join(', '),
      languages: languages.join(', '),
      countries: countries.join(', '),
      from: from ? toLocal(from) : '',
      to: to ? toLocal(to) : '',
      targets: url ?? (targets ?? []).map((target) => lineOf(target)).join('\n'),
    })),
  )
}

function listed(name: string, text: string): RedirectRule {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return parts.length === 0 ? {} : { [name]: parts }
}

function targetsOf(text: string): RedirectRule {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (lines.length < 2) return { url: lines[0] ?? '' }
  return { targets: lines.map((line) => targetOf(line)) }
}

function targetOf(line: string): { url: string; weight?: number } {
  const [, weight, url] = /^(\d{1,9})\s+(\S.*)$/.exec(line) ?? []
  return url === undefined ? { url: line } : { url, weight: Number(weight) }
}

function lineOf({ url, weight = 1 }: { url: string; weight?: number }): string {
  return `${weight} ${url}`
}

/** What the service says of a field of a rule, with the number that the editor shows. */
export function ruleComplaint(field: string, message: string): string {
  const index = /^rules\[(\d+)\]/.exec(field)?.[1]
  return index === undefined ? message : `Rule ${Number(index) + 1}: ${message}`
}

/**
 * Redirect rules: where a link leads whom, if not everybody is to go to the same place.
 *
 * Pure: visitor, time and chance come from outside. Asked by the owner of a link for each visitor of
 * a link with rules, and by the fallback while the owner is away. Chance is drawn by the gateway and
 * comes with the visitor, so that a request which is sent again leads to the same place. Rules are tried in order; the first
 * whose every condition holds decides, and where none does the link's own URL is meant. A rule with
 * several targets draws one of them by weight, for each visit anew.
 *
 * What a rule may hold says `rule-fields.ts`. Rejected: a weight per rule, of which three that share
 * 10 : 10 : 80 would have to be written as 10, 11 and 100 per cent of what the one before has left.
 */
import type { EpochMs } from './ids.ts'

/** Kinds of devices and their systems. */
export const RULE_DEVICES = [
  'desktop',
  'mobile',
  'tablet',
  'android',
  'ios',
  'windows',
  'macos',
  'linux',
  'chromeos',
] as const
export type RuleDevice = (typeof RULE_DEVICES)[number]

export interface RedirectRule {
  /** Any of these, as below; empty: whatever the visitor has. */
  readonly devices: readonly RuleDevice[]
  /** In lower case; `de` stands for `de-at` too. */
  readonly languages: readonly string[]
  /** ISO 3166-1 alpha-2, in upper case. */
  readonly countries: readonly string[]
  /** From then on; null: since ever. */
  readonly from: EpochMs | null
  /** Before then; null: for ever. Invariant: after `from`. */
  readonly to: EpochMs | null
  /** Invariant: at least one. */
  readonly targets: readonly RuleTarget[]
}

export interface RuleTarget {
  readonly url: string
  /** Its share is this of the sum of all targets of the rule. */
  readonly weight: number
}

/** What rules may ask about a visitor. Empty where it is not known: no condition holds for that. */
export interface Visitor {
  /** Its kind and its system: at most one of each. */
  readonly devices: readonly RuleDevice[]
  /** The language that it prefers, in lower case. */
  readonly language: string
  readonly country: string
  /** By chance, from 0 to below 1: which of several targets it is to be. */
  readonly draw: number
}

export interface ChosenTarget {
  readonly url: string
  /** Which rule decided, from 1; 0: none did. */
  readonly rule: number
}

export function chooseTarget(
  { url, rules = [] }: { readonly url: string; readonly rules?: readonly RedirectRule[] },
  visitor: Visitor,
  now: EpochMs,
): ChosenTarget {
  const index = rules.findIndex((rule) => holds(rule, visitor, now))
  if (index === -1) return { url, rule: 0 }
  return { url: drawn(rules[index]!.targets, visitor.draw), rule: index + 1 }
}

function holds(
  { devices, languages, countries, from, to }: RedirectRule,
  visitor: Visitor,
  now: EpochMs,
): boolean {
  if (from !== null && now < from) return false
  if (to !== null && now >= to) return false
  if (countries.length > 0 && !countries.includes(visitor.country)) return false
  if (devices.length > 0 && !devices.some((device) => visitor.devices.includes(device)))
    return false
  return languages.length === 0 || languages.some((wanted) => speaks(visitor.language, wanted))
}

function speaks(language: string, wanted: string): boolean {
  return language === wanted || language.startsWith(`${wanted}-`)
}

function drawn(targets: readonly RuleTarget[], draw: number): string {
  let left = draw * targets.reduce((sum, { weight }) => sum + weight, 0)
  for (const { url, weight } of targets) {
    left -= weight
    if (left < 0) return url
  }
  return targets.at(-1)!.url
}

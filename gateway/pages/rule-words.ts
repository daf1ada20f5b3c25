/**
 * Redirect rules in words, for the preview of a link.
 *
 * Pure. In English, as the other pages of the server.
 */
import type { EpochMs } from '../../links/ids.ts'
import type { RedirectRule } from '../../links/redirect-rules.ts'

export interface WordedTarget {
  readonly url: string
  /** `30 %`; empty: it is the only one. */
  readonly share: string
}

/** `On ios or tablet, in de, from DE, until 2030-01-01 00:00 UTC`; `Everybody` without conditions. */
export function conditionsOf(
  { devices, languages, countries, from, to }: RedirectRule,
  timeOf: (at: EpochMs) => string,
): string {
  const parts = [
    devices.length > 0 ? `on ${listed(devices)}` : '',
    languages.length > 0 ? `with the language ${listed(languages)}` : '',
    countries.length > 0 ? `in ${listed(countries)}` : '',
    from === null ? '' : `from ${timeOf(from)}`,
    to === null ? '' : `until ${timeOf(to)}`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'Everybody' : `Visitors ${parts.join(', ')}`
}

export function targetsOf({ targets }: RedirectRule): WordedTarget[] {
  const sum = targets.reduce((all, { weight }) => all + weight, 0)
  return targets.map(({ url, weight }) => {
    const percent = Math.round((1000 * weight) / sum) / 10
    return { url, share: targets.length === 1 ? '' : `${percent} %` }
  })
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

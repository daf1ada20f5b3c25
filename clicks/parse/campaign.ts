/**
 * The campaign that a link belongs to: `utm_source`, `utm_medium` and `utm_campaign` of a query.
 *
 * Used by the click parser. Each of them counts from the short URL's query, and where that has none from
 * the target's: who passes a link on may add to it. Percent-decoding cannot fail: what is wrong stays as
 * it is, and bytes that are not UTF-8 become U+FFFD.
 */
import { unescape } from 'node:querystring'
import { CLICK_TEXT_MAX } from '../click.ts'
import { cleanText } from './clean-text.ts'

export interface Campaign {
  readonly source: string
  readonly medium: string
  readonly campaign: string
}

export const NO_CAMPAIGN: Campaign = Object.freeze({ source: '', medium: '', campaign: '' })

/** Longer queries are read up to here, in characters. */
const QUERY_READ_MAX = 4_096
/** Bytes of a value before it is decoded: each character may take twelve. */
const VALUE_READ_MAX = 12 * CLICK_TEXT_MAX.utmSource

export function parseCampaign(query: string): Campaign {
  if (!query.includes('utm_')) return NO_CAMPAIGN
  let source = ''
  let medium = ''
  let campaign = ''
  for (const pair of query.slice(0, QUERY_READ_MAX).split('&')) {
    if (pair.startsWith('utm_source=')) source ||= valueOf(pair, CLICK_TEXT_MAX.utmSource)
    if (pair.startsWith('utm_medium=')) medium ||= valueOf(pair, CLICK_TEXT_MAX.utmMedium)
    if (pair.startsWith('utm_campaign=')) campaign ||= valueOf(pair, CLICK_TEXT_MAX.utmCampaign)
  }
  return { source, medium, campaign }
}

function valueOf(pair: string, max: number): string {
  const raw = pair.slice(pair.indexOf('=') + 1, VALUE_READ_MAX)
  return cleanText(unescape(raw.replaceAll('+', ' ')), max)
}

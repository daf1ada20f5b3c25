/**
 * The headers of a click record, taken apart.
 *
 * Used by the click parser. A record has them as they came, `Name: value` one a line; names in any
 * case, lines in any order. Of a header that is there twice the first counts, as it does in Node's
 * server. What is no such line is passed over.
 */
import { PURPOSE_HEADERS } from './visit-purpose.ts'

export interface KeptHeaders {
  agent: string
  referrer: string
  language: string
  /** What the headers that announce a prefetch say, one after the other. */
  purpose: string
}

const PURPOSES: ReadonlySet<string> = new Set(PURPOSE_HEADERS)

export function readKeptHeaders(text: string): KeptHeaders {
  const headers: KeptHeaders = { agent: '', referrer: '', language: '', purpose: '' }
  for (let start = 0; start < text.length;) {
    const lineEnd = text.indexOf('\n', start)
    const end = lineEnd === -1 ? text.length : lineEnd
    const colon = text.indexOf(':', start)
    if (colon !== -1 && colon < end) take(headers, text, start, colon, end)
    start = end + 1
  }
  return headers
}

function take(headers: KeptHeaders, text: string, start: number, colon: number, end: number): void {
  const name = text.slice(start, colon).toLowerCase()
  switch (name) {
    case 'user-agent':
      headers.agent ||= text.slice(colon + 1, end).trim()
      break
    case 'referer':
      headers.referrer ||= text.slice(colon + 1, end).trim()
      break
    case 'accept-language':
      headers.language ||= text.slice(colon + 1, end).trim()
      break
    default:
      if (PURPOSES.has(name)) headers.purpose += `${text.slice(colon + 1, end)};`
  }
}

/**
 * Visits as text: lines of JSON, or of CSV that no spreadsheet takes for a formula.
 *
 * Used by the analytics process, so that gateways pass bytes on. Both name the fields as `Click` does,
 * with the time as RFC 3339 has it. Of CSV (RFC 4180) a cell that begins like a formula (=, +, -, @, tab
 * or carriage return) gets an apostrophe in front (OWASP, CSV injection): its text comes from outside.
 */
import type { Visit } from '../store/question.ts'

/** In the order of the columns. */
const COLUMNS = [
  'at',
  'code',
  'kind',
  'botName',
  'country',
  'asn',
  'network',
  'networkType',
  'ipVersion',
  'address',
  'visitor',
  'browser',
  'browserVersion',
  'os',
  'device',
  'referrerHost',
  'referrerPath',
  'language',
  'utmSource',
  'utmMedium',
  'utmCampaign',
  'status',
  'node',
  'position',
  'index',
] as const satisfies readonly (keyof Visit)[]

const FORMULA = /^[=+\-@\t\r]/
const NEEDS_QUOTES = /[",\r\n]/
const END = '\r\n'

export const CSV_HEADER = `${COLUMNS.join(',')}${END}`

export function csvLine(visit: Visit): string {
  let line = timeOf(visit)
  for (let column = 1; column < COLUMNS.length; column++) {
    const value = visit[COLUMNS[column]!]
    line += `,${typeof value === 'number' ? value : cellOf(value)}`
  }
  return line + END
}

export function jsonLine(visit: Visit): string {
  return `${JSON.stringify({ ...visit, at: timeOf(visit) })}\n`
}

function cellOf(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function timeOf({ at }: Visit): string {
  return new Date(at).toISOString()
}

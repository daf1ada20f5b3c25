/**
 * Visits as text: lines of JSON, or of CSV that no spreadsheet takes for a formula.
 *
 * Used by the stores and the analytics process, so that gateways pass bytes on. `csv-bytes.ts` makes the same CSV
 * faster, of what DuckDB gives. Both name the fields as `Click` does,
 * with the time as RFC 3339 has it. Of CSV (RFC 4180) a cell that begins like a formula (=, +, -, @, tab
 * or carriage return) gets an apostrophe in front (OWASP, CSV injection): its text comes from outside.
 */
import { guardFormula } from '../formula-guard.ts'
import type { Visit } from './question.ts'

/** In the order of the columns. What is younger comes last, so that others keep their places. */
export const CSV_COLUMNS = [
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
  'rule',
] as const satisfies readonly (keyof Visit)[]

const NEEDS_QUOTES = /[",\r\n]/
/** One look for most cells: a million visits have eighteen million. */
const NEEDS_CARE = /^[=+\-@\t\r]|[",\r\n]/
const END = '\r\n'
/** Of a piece of text, in UTF-16 units; at most three bytes each. */
const PIECE_CHARS = 64 * 1024

const DAY_MS = 86_400_000
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
const THREE_DIGITS = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, '0'))

let lastDay = { number: -1, text: '' }

export const CSV_HEADER = `${CSV_COLUMNS.join(',')}${END}`

export function csvLine(visit: Visit): string {
  // Joined at once: a text that grows by pieces is a tree of them, and costs three times as much to write.
  const cells: (string | number)[] = [timeOf(visit)]
  for (let column = 1; column < CSV_COLUMNS.length; column++) {
    const value = visit[CSV_COLUMNS[column]!]
    cells.push(typeof value === 'number' ? value : cellOf(value))
  }
  return cells.join(',') + END
}

export function jsonLine(visit: Visit): string {
  return `${JSON.stringify({ ...visit, at: timeOf(visit) })}\n`
}

/** Visits as bytes, a line each, in pieces that fit a message. */
export async function* linesOf(
  chunks: AsyncIterable<readonly Visit[]>,
  lineOf: (visit: Visit) => string,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let text = ''
  for await (const chunk of chunks) {
    for (const visit of chunk) {
      text += lineOf(visit)
      if (text.length < PIECE_CHARS) continue
      yield encoder.encode(text)
      text = ''
    }
  }
  if (text !== '') yield encoder.encode(text)
}

/** As `csvLine`. */
export function cellOf(text: string): string {
  if (!NEEDS_CARE.test(text)) return text
  const safe = guardFormula(text)
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** As `Date.toISOString`, which is what it takes for each day once: visits come in the order of time. */
function timeOf({ at }: Visit): string {
  const day = Math.floor(at / DAY_MS)
  if (day !== lastDay.number) {
    lastDay = {
      number: day,
      text: new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length),
    }
  }
  const ms = at - day * DAY_MS
  const hours = TWO_DIGITS[Math.floor(ms / 3_600_000)]!
  const minutes = TWO_DIGITS[Math.floor(ms / 60_000) % 60]!
  const seconds = TWO_DIGITS[Math.floor(ms / 1_000) % 60]!
  return `${lastDay.text}${hours}:${minutes}:${seconds}.${THREE_DIGITS[ms % 1_000]!}Z`
}

/**
 * The columns of a click in the tables of every store, and what the fields of questions are in them.
 *
 * Numbers are kept as numbers and grouped as such; questions know texts alone. What is not known is the
 * empty text or 0. Of clicks that were rolled up the columns are there that `ROLLED_UP_FIELDS` names.
 */
import type { PlacedClick } from '../click.ts'
import { ROLLED_UP_FIELDS } from './click-store.ts'
import type { ClickField, ClickSelection } from './question.ts'
import { stepwise, whole, type SqlDialect } from './sql-dialect.ts'
import { offsetPieces } from './zone-offsets.ts'

/** In the order of the tables: what is younger comes last. */
export const CLICK_COLUMNS: Readonly<Record<keyof PlacedClick, string>> = {
  code: 'code',
  at: 'at_ms',
  kind: 'kind',
  botName: 'bot_name',
  country: 'country',
  asn: 'asn',
  network: 'network',
  networkType: 'network_type',
  ipVersion: 'ip_version',
  address: 'address',
  visitor: 'visitor',
  browser: 'browser',
  browserVersion: 'browser_version',
  os: 'os',
  device: 'device',
  referrerHost: 'referrer_host',
  referrerPath: 'referrer_path',
  language: 'language',
  utmSource: 'utm_source',
  utmMedium: 'utm_medium',
  utmCampaign: 'utm_campaign',
  status: 'status',
  node: 'node',
  position: 'log_position',
  index: 'batch_index',
  rule: 'rule',
}

/** Single clicks, or those that were rolled up. */
export type ClickTable = 'clicks' | 'click_hours'

/** A field as an expression over one of the tables. */
export interface FieldExpression {
  readonly sql: string
  readonly isNumber: boolean
}

/** A moment that is never negative, and on Monday at midnight as the moment 0 of the wall clock. */
const SHIFT_MS = 4 * 7 * 86_400_000 + 3 * 86_400_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const ROLLED_UP: ReadonlySet<string> = new Set(ROLLED_UP_FIELDS)
const COLUMN_OF_FIELD: Partial<Record<ClickField, keyof PlacedClick>> = { referrer: 'referrerHost' }

/** Numbers as which a field is kept; 0 reads as not known where it says so. */
const NUMBERS: Partial<Record<ClickField, { readonly zeroIsUnknown: boolean }>> = {
  ipVersion: { zeroIsUnknown: true },
  status: { zeroIsUnknown: false },
  rule: { zeroIsUnknown: true },
  hourOfDay: { zeroIsUnknown: false },
  weekday: { zeroIsUnknown: false },
}

export function fieldExpression(
  field: Exclude<ClickField, 'tag'>,
  table: ClickTable,
  { timezone, from, to }: Pick<ClickSelection, 'timezone' | 'from' | 'to'>,
  dialect: SqlDialect,
): FieldExpression {
  const isNumber = NUMBERS[field] !== undefined
  if (field === 'domain') return { sql: dialect.beforeSlash(CLICK_COLUMNS.code), isNumber }
  if (field !== 'hourOfDay' && field !== 'weekday') {
    const key = COLUMN_OF_FIELD[field] ?? (field as keyof PlacedClick)
    if (table === 'clicks' || ROLLED_UP.has(key)) return { sql: CLICK_COLUMNS[key], isNumber }
    return { sql: isNumber ? '0' : "''", isNumber }
  }
  const shown = stepwise(
    CLICK_COLUMNS.at,
    offsetPieces(timezone, from, to).map((piece) => ({
      from: piece.from,
      sql: `(${CLICK_COLUMNS.at} + ${whole(piece.offsetMs + SHIFT_MS)})`,
    })),
  )
  if (field === 'hourOfDay') return { sql: `${dialect.quotient(shown, HOUR_MS)} % 24`, isNumber }
  return { sql: `${dialect.quotient(shown, DAY_MS)} % 7 + 1`, isNumber }
}

/** What questions and answers call the value of an expression. */
export function fieldText(field: ClickField, sql: string, dialect: SqlDialect): string {
  const number = NUMBERS[field]
  if (number === undefined) return sql
  const text = dialect.asText(sql)
  return number.zeroIsUnknown ? `CASE WHEN ${sql} = 0 THEN '' ELSE ${text} END` : text
}

/** Of the values that a filter names those that the field can have, as the numbers that are kept. */
export function numbersOf(field: ClickField, values: readonly string[]): number[] {
  const zeroIsUnknown = NUMBERS[field]?.zeroIsUnknown === true
  return values.flatMap((value) => {
    if (value === '') return zeroIsUnknown ? [0] : []
    const number = Number(value)
    const isKept = Number.isSafeInteger(number) && String(number) === value
    return isKept && !(number === 0 && zeroIsUnknown) ? [number] : []
  })
}

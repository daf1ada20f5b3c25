/** How single clicks become hours of `ROLLED_UP_FIELDS`, as SQL. Used by every store that speaks it. */
import { CLICK_COLUMNS } from './click-columns.ts'
import { ROLLED_UP_FIELDS } from './click-store.ts'

const HOUR_MS = 3_600_000
const KEPT = ROLLED_UP_FIELDS.map((field) => CLICK_COLUMNS[field])

/** The columns of what was rolled up, in the order in which `hoursOf` gives them. */
export const HOUR_COLUMNS = [
  'code',
  'at_ms',
  ...KEPT.filter((column) => column !== 'code'),
  'clicks',
  'visitors',
] as const

/** Values in that order. */
export type HourRow = readonly [code: string, at: number, ...(string | number)[]]

const NUMBER_COLUMNS: ReadonlySet<string> = new Set(['at_ms', 'status', 'clicks', 'visitors'])

/** A row as a database gives it, whose large numbers may be texts or other objects. */
export function hourRowOf(row: readonly unknown[]): HourRow {
  const values = HOUR_COLUMNS.map((column, place) =>
    NUMBER_COLUMNS.has(column) ? Number(row[place]) : String(row[place]),
  )
  return values as unknown as HourRow
}

/** @param condition of one day (UTC), so that a visitor counts once in it */
export function hoursOf(condition: string): string {
  const keys = HOUR_COLUMNS.slice(0, -2)
    .map((column) => (column === 'at_ms' ? 'hour' : column))
    .join(', ')
  const first =
    'visitor IS NOT NULL AND row_number() OVER (PARTITION BY code, visitor ' +
    'ORDER BY at_ms, log_position, batch_index) = 1'
  return (
    `SELECT ${keys}, count(*) AS clicks, count(*) FILTER (WHERE is_first) AS visitors FROM (` +
    `SELECT ${KEPT.join(', ')}, at_ms - at_ms % ${HOUR_MS} AS hour, ${first} AS is_first ` +
    `FROM clicks WHERE ${condition}) AS days GROUP BY ${keys}`
  )
}

/**
 * What counts of the tables in ClickHouse at one moment, as tables `clicks` and `click_hours` of a statement.
 *
 * A click counts once its position is told and until it is rolled up; what was rolled up counts if the
 * attempt that made it does. Everything that is asked of this store is asked behind these two tables, so
 * rows of appends and roll-ups that were cut off are never seen.
 */
import type { ClickHouseConnection, Row } from './clickhouse-connection.ts'
import type { TableSpans } from './question-answer.ts'
import { whole } from './sql-dialect.ts'

/** Single clicks before a time, up to a position, were rolled up. */
export interface RollUp {
  /** How many there were before; 0: none. */
  readonly number: number
  readonly untilMs: number
  readonly position: number
}

export interface Snapshot {
  /** Up to which the click log was read. */
  readonly position: number
  readonly rollUp: RollUp
  readonly spans: TableSpans
}

const STATE = `SELECT
  (SELECT max(log_position) FROM positions) AS position,
  (SELECT max(number) FROM roll_ups) AS number,
  (SELECT argMax(until_ms, number) FROM roll_ups) AS until_ms,
  (SELECT argMax(log_position, number) FROM roll_ups) AS rolled_position,
  (SELECT count() FROM click_rows) AS clicks,
  (SELECT min(at_ms) FROM click_rows) AS clicks_from,
  (SELECT max(at_ms) FROM click_rows) AS clicks_to,
  (SELECT count() FROM hour_rows) AS hours,
  (SELECT min(at_ms) FROM hour_rows) AS hours_from,
  (SELECT max(at_ms) FROM hour_rows) AS hours_to`

export async function snapshotOf(connection: ClickHouseConnection): Promise<Snapshot> {
  const [row] = await connection.rows(STATE)
  const number = (name: string) => Number((row as Row)[name])
  const spans = [
    ...(number('clicks') > 0 ? [number('clicks_from'), number('clicks_to')] : []),
    ...(number('hours') > 0 ? [number('hours_from'), number('hours_to')] : []),
  ]
  const rollUp = {
    number: number('number'),
    untilMs: number('until_ms'),
    position: number('rolled_position'),
  }
  return {
    position: number('position'),
    rollUp,
    spans: {
      from: Math.min(...spans),
      to: Math.max(...spans.map((time) => time + 1)),
      hoursUntil: rollUp.number === 0 ? -Infinity : rollUp.untilMs,
    },
  }
}

/** Goes in front of a statement over `clicks` and `click_hours`. */
export function tablesOf({ position, rollUp }: Pick<Snapshot, 'position' | 'rollUp'>): string {
  const isRolledUp = `at_ms < ${whole(rollUp.untilMs)} AND log_position <= ${whole(rollUp.position)}`
  const counts = `log_position <= ${whole(position)} AND NOT (${isRolledUp})`
  const attempts = `SELECT attempt FROM roll_ups WHERE number <= ${whole(rollUp.number)}`
  return (
    `WITH clicks AS (SELECT * FROM click_rows FINAL WHERE ${counts}), ` +
    `click_hours AS (SELECT * FROM hour_rows WHERE attempt IN (${attempts})) `
  )
}

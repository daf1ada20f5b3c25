/**
 * Gives clicks one by one from the tables of a click store in ClickHouse, and as a file of Parquet.
 *
 * The rows come as a stream, sorted by the server, for some days at a time: so many as have a number of rows
 * that it sorts quickly. Rejected: the windows of other stores, which here would read a whole day for each,
 * because rows of a day lie in the order of their codes.
 */
import type { EpochMs } from '../../links/ids.ts'
import { CLICK_COLUMNS } from './click-columns.ts'
import { conditionsOf } from './click-conditions.ts'
import { VISITS_CHUNK_MAX } from './click-store.ts'
import type { ClickHouseConnection } from './clickhouse-connection.ts'
import { ClickHouseDialect } from './clickhouse-dialect.ts'
import { snapshotOf, tablesOf, type Snapshot } from './clickhouse-snapshot.ts'
import type { Visit, VisitsQuestion } from './question.ts'
import { whole } from './sql-dialect.ts'
import { behind, NEWEST_FIRST } from './visit-windows.ts'

type Key = keyof Visit

const KEYS = Object.keys(CLICK_COLUMNS) as Key[]
/** 16 hexadecimal digits, or none. */
const VISITOR_TEXT = "if(visitor IS NULL, '', leftPad(lower(hex(assumeNotNull(visitor))), 16, '0'))"
const READ_COLUMNS = KEYS.map((key) => (key === 'visitor' ? VISITOR_TEXT : CLICK_COLUMNS[key]))
const SHOWN_COLUMNS = KEYS.map((key) => {
  const column = CLICK_COLUMNS[key]
  if (key === 'at') return `fromUnixTimestamp64Milli(${column}, 'UTC') AS at`
  return `${key === 'visitor' ? VISITOR_TEXT : column} AS "${key}"`
})

const DAY_MS = 86_400_000
/** Rows that are sorted at a time, unless a day has more. */
const SORTED_ROWS = 1_000_000

export async function* readVisits(
  connection: ClickHouseConnection,
  question: VisitsQuestion,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Visit[]> {
  yield* readVisitsOf(connection, await snapshotOf(connection), question, signal)
}

/** Those that count in a snapshot. */
export async function* readVisitsOf(
  connection: ClickHouseConnection,
  snapshot: Snapshot,
  question: VisitsQuestion,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Visit[]> {
  let left = question.visitsMax ?? Infinity
  for (const span of await spansOf(connection, question)) {
    if (left <= 0) return
    const dialect = new ClickHouseDialect()
    const within = { ...question, from: span.from as EpochMs, to: span.to as EpochMs }
    const sql = chosen(READ_COLUMNS, within, left, snapshot, dialect)
    for await (const visits of chunked(connection.stream(sql, dialect.values, signal))) {
      left -= visits.length
      yield visits
    }
  }
}

/** The bytes of a Parquet file, as the server makes them. */
export async function* readParquet(
  connection: ClickHouseConnection,
  question: VisitsQuestion,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const snapshot = await snapshotOf(connection)
  const dialect = new ClickHouseDialect()
  const sql = chosen(SHOWN_COLUMNS, question, question.visitsMax ?? Infinity, snapshot, dialect)
  yield* connection.bytes(`${sql} FORMAT Parquet`, dialect.values, signal)
}

/** From when until when to read at a time, newest first. */
async function spansOf(
  connection: ClickHouseConnection,
  { from, to }: VisitsQuestion,
): Promise<{ from: number; to: number }[]> {
  const rows = await connection.rows(
    'SELECT toInt64(partition) AS day, sum(rows) AS rows FROM system.parts ' +
      "WHERE database = currentDatabase() AND table = 'click_rows' AND active " +
      'GROUP BY day ORDER BY day DESC',
  )
  const spans: { from: number; to: number; rows: number }[] = []
  for (const row of rows) {
    const day = Number(row['day']) * DAY_MS
    const span = { from: Math.max(from, day), to: Math.min(to, day + DAY_MS) }
    if (span.from >= span.to) continue
    const last = spans.at(-1)
    const count = Number(row['rows'])
    if (last === undefined || last.rows + count > SORTED_ROWS) spans.push({ ...span, rows: count })
    else spans[spans.length - 1] = { from: span.from, to: last.to, rows: last.rows + count }
  }
  return spans
}

function chosen(
  columns: readonly string[],
  question: VisitsQuestion,
  most: number,
  snapshot: Snapshot,
  dialect: ClickHouseDialect,
): string {
  const conditions = conditionsOf(question, 'clicks', dialect)
  if (question.after !== undefined) conditions.push(behind(question.after))
  const limit = most === Infinity ? '' : ` LIMIT ${whole(most)}`
  return (
    `${tablesOf(snapshot)} SELECT ${columns.join(', ')} FROM clicks ` +
    `WHERE ${conditions.join(' AND ')} ORDER BY ${NEWEST_FIRST}${limit}`
  )
}

async function* chunked(pieces: AsyncIterable<unknown[][]>): AsyncGenerator<readonly Visit[]> {
  let visits: Visit[] = []
  for await (const rows of pieces) {
    for (const row of rows) {
      visits.push(visitOf(row))
      if (visits.length < VISITS_CHUNK_MAX) continue
      yield visits
      visits = []
    }
  }
  if (visits.length > 0) yield visits
}

function visitOf(row: readonly unknown[]): Visit {
  const visit: Partial<Record<Key, unknown>> = {}
  for (const [place, key] of KEYS.entries()) visit[key] = row[place]
  return visit as unknown as Visit
}

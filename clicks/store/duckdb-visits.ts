/** Gives clicks one by one from the table of a click store in DuckDB, as rows of CSV, and as a file of Parquet. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { DuckDBBlobValue } from '@duckdb/node-api'
import type { EpochMs } from '../../links/ids.ts'
import { csvBytes } from './csv-bytes.ts'
import { conditionsOf } from './click-conditions.ts'
import { SHOWN_COLUMNS } from './duckdb-click-rows.ts'
import { DuckDbDialect } from './duckdb-dialect.ts'
import { csvSql, linesSql, visitsOfLines } from './duckdb-visit-lines.ts'
import type { DuckDbTurn } from './duckdb-turns.ts'
import type { Visit, VisitsQuestion } from './question.ts'
import { whole } from './sql-dialect.ts'
import { CSV_COLUMNS, csvLine } from './visit-lines.ts'
import {
  behind,
  NEWEST_FIRST,
  WINDOW_ROWS,
  type VisitWindow,
  type WindowPart,
} from './visit-windows.ts'

/** How full a window is to be that was shortened, and how often it is. */
const SHORTENED_TO = 0.8
const SHORTENED_MAX = 5
/** Later times are written otherwise than DuckDB does. */
const YEAR_10000 = Date.UTC(10_000)

/** The visits of a window; undefined: there are none. */
export async function readWindow(
  turn: DuckDbTurn,
  question: VisitsQuestion,
  window: VisitWindow,
): Promise<WindowPart<readonly Visit[]>> {
  const chosen = await chosenIn(turn, question, window)
  const visits = await visitsIn(turn, chosen)
  const content = visits.length === 0 ? undefined : visits
  return { content, rows: visits.length, last: visits.at(-1), from: chosen.from }
}

/** The same as rows of CSV. */
export async function readCsvWindow(
  turn: DuckDbTurn,
  question: VisitsQuestion,
  window: VisitWindow,
): Promise<WindowPart<Uint8Array>> {
  const chosen = await chosenIn(turn, question, window)
  const found = window.to > YEAR_10000 ? undefined : await csvIn(turn, chosen)
  if (found !== undefined) return { ...found, from: chosen.from }
  const visits = await visitsIn(turn, chosen)
  const content = visits.length === 0 ? undefined : Buffer.from(visits.map(csvLine).join(''))
  return { content, rows: visits.length, last: visits.at(-1), from: chosen.from }
}

/** Which visits of a window are read, as a statement that is made with a dialect. */
interface Chosen {
  readonly sql: (dialect: DuckDbDialect) => string
  readonly from: number
}

/**
 * A shorter window, where it has more than may be read at once: to find the first of many by sorting them takes
 * longer than all else.
 */
async function chosenIn(
  turn: DuckDbTurn,
  question: VisitsQuestion,
  { from, to, after, rows }: VisitWindow,
): Promise<Chosen> {
  const within = (since: number) => ({ ...question, from: since as EpochMs, to: to as EpochMs })
  const plain = (dialect: DuckDbDialect, since: number) =>
    `SELECT * FROM clicks WHERE ${whereOf(within(since), after, dialect)}`
  const shortenedMax = rows === WINDOW_ROWS ? SHORTENED_MAX : 0
  let since = from
  for (let shortened = 0; shortened < shortenedMax; shortened++) {
    const dialect = new DuckDbDialect()
    const counted = await turn.read(`SELECT count(*) FROM (${plain(dialect, since)})`, dialect)
    const count = Number(counted.value(0, 0))
    const begin = since
    if (count <= rows) return { sql: (one) => plain(one, begin), from: begin }
    since = Math.min(to - 1, to - Math.floor((to - since) * (rows / count) * SHORTENED_TO))
  }
  // All of one moment, or the last ones that are asked for.
  return {
    sql: (one) => `${plain(one, since)} ORDER BY ${NEWEST_FIRST} LIMIT ${whole(rows)}`,
    from: since,
  }
}

async function visitsIn(turn: DuckDbTurn, { sql }: Chosen): Promise<readonly Visit[]> {
  const read = async (isCareful: boolean) => {
    const dialect = new DuckDbDialect()
    const lines = await turn.read(linesSql(sql(dialect), NEWEST_FIRST, isCareful), dialect)
    const text = lines.value(0, 0) as string | null
    return text === null ? [] : visitsOfLines(text, isCareful)
  }
  const visits = (await read(false)) ?? (await read(true))
  assert(visits !== undefined)
  return visits
}

/** undefined: a text holds what parts cells. */
async function csvIn(
  turn: DuckDbTurn,
  { sql }: Chosen,
): Promise<Omit<WindowPart<Uint8Array>, 'from'> | undefined> {
  const dialect = new DuckDbDialect()
  const read = await turn.read(csvSql(sql(dialect), NEWEST_FIRST), dialect)
  const [bytes, rows, at, position, index] = read.getRows()[0]!
  if (Number(rows) === 0) return { content: undefined, rows: 0, last: undefined }
  const content = csvBytes((bytes as DuckDBBlobValue).bytes, CSV_COLUMNS.length)
  if (content === undefined) return undefined
  const last = { at: Number(at) as EpochMs, position: Number(position), index: Number(index) }
  return { content, rows: Number(rows), last }
}

/**
 * The bytes of a Parquet file. It is written whole first, because Parquet has its index at its end.
 *
 * @param file written, read and removed
 */
export async function* readParquet(
  question: VisitsQuestion,
  directory: string,
  take: (work: (turn: DuckDbTurn) => Promise<unknown>) => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const file = `${directory}/${randomUUID()}.parquet`
  const dialect = new DuckDbDialect()
  const { after, visitsMax } = question
  const chosen = chosenVisits(SHOWN_COLUMNS, question, after, visitsMax, dialect)
  try {
    await take((turn) =>
      turn.read(`COPY (${chosen}) TO '${quoted(file)}' (FORMAT parquet)`, dialect),
    )
    yield* createReadStream(file) as AsyncIterable<Uint8Array>
  } finally {
    await rm(file, { force: true })
  }
}

function chosenVisits(
  columns: string,
  question: VisitsQuestion,
  after: VisitsQuestion['after'],
  most: number | undefined,
  dialect: DuckDbDialect,
): string {
  const limit = most === undefined ? '' : ` LIMIT ${whole(most)}`
  return `SELECT ${columns} FROM clicks WHERE ${whereOf(question, after, dialect)} ORDER BY ${NEWEST_FIRST}${limit}`
}

function whereOf(
  question: VisitsQuestion,
  after: VisitsQuestion['after'],
  dialect: DuckDbDialect,
): string {
  const conditions = conditionsOf(question, 'clicks', dialect)
  if (after !== undefined) conditions.push(behind(after))
  return conditions.join(' AND ')
}

/** A path of this machine in a literal: it cannot be bound. */
function quoted(text: string): string {
  return text.replaceAll("'", "''")
}

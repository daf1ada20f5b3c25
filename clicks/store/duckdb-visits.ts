/** Gives clicks one by one from the table of a click store in DuckDB, and as a file of Parquet. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { EpochMs } from '../../links/ids.ts'
import { conditionsOf } from './click-conditions.ts'
import { SHOWN_COLUMNS } from './duckdb-click-rows.ts'
import { DuckDbDialect } from './duckdb-dialect.ts'
import { linesSql, visitsOfLines } from './duckdb-visit-lines.ts'
import type { DuckDbTurn } from './duckdb-turns.ts'
import type { Visit, VisitsQuestion } from './question.ts'
import { whole } from './sql-dialect.ts'
import { behind, NEWEST_FIRST, type VisitWindow } from './visit-windows.ts'

export async function readWindow(
  turn: DuckDbTurn,
  question: VisitsQuestion,
  { from, to, after, rows }: VisitWindow,
): Promise<Visit[]> {
  const window = { ...question, from: from as EpochMs, to: to as EpochMs }
  const read = async (isCareful: boolean) => {
    const dialect = new DuckDbDialect()
    const chosen = chosenVisits('*', window, after, rows, dialect)
    const lines = await turn.read(linesSql(chosen, NEWEST_FIRST, isCareful), dialect)
    const text = lines.value(0, 0) as string | null
    return text === null ? [] : visitsOfLines(text, isCareful)
  }
  const visits = (await read(false)) ?? (await read(true))
  assert(visits !== undefined)
  return visits
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
  const conditions = conditionsOf(question, 'clicks', dialect)
  if (after !== undefined) conditions.push(behind(after))
  const limit = most === undefined ? '' : ` LIMIT ${whole(most)}`
  return `SELECT ${columns} FROM clicks WHERE ${conditions.join(' AND ')} ORDER BY ${NEWEST_FIRST}${limit}`
}

/** A path of this machine in a literal: it cannot be bound. */
function quoted(text: string): string {
  return text.replaceAll("'", "''")
}

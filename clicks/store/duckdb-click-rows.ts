/** Clicks as rows of DuckDB: written by data chunks, which is how it takes most a second; and how others see them. */
import {
  BIGINT,
  DuckDBDataChunk,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { PlacedClick } from '../click.ts'
import { CLICK_COLUMNS } from './click-columns.ts'
import { VISITOR_TEXT } from './duckdb-visit-lines.ts'
import { HOUR_COLUMNS, type HourRow } from './rolled-up-sql.ts'

/** Rows of a data chunk: DuckDB takes no more. */
const CHUNK_ROWS = 2_048

type Key = keyof PlacedClick

const KEYS = Object.keys(CLICK_COLUMNS) as Key[]
const TYPES: Partial<Record<Key, DuckDBType>> = {
  at: BIGINT,
  asn: UINTEGER,
  ipVersion: UTINYINT,
  visitor: UBIGINT,
  status: USMALLINT,
  position: BIGINT,
  index: UINTEGER,
  rule: UTINYINT,
}

const HOUR_TYPES: Partial<Record<(typeof HOUR_COLUMNS)[number], DuckDBType>> = {
  at_ms: BIGINT,
  status: USMALLINT,
  clicks: BIGINT,
  visitors: BIGINT,
}

export function appendRows(appender: DuckDBAppender, clicks: readonly PlacedClick[]): void {
  const types = KEYS.map((key) => TYPES[key] ?? VARCHAR)
  for (let first = 0; first < clicks.length; first += CHUNK_ROWS) {
    const rows = clicks.slice(first, first + CHUNK_ROWS)
    const chunk = DuckDBDataChunk.create(types, rows.length)
    for (const [place, key] of KEYS.entries()) {
      const vector = chunk.getColumnVector(place)
      for (let row = 0; row < rows.length; row++) vector.setItem(row, storedValue(key, rows[row]!))
      vector.flush()
    }
    appender.appendDataChunk(chunk)
  }
}

/** In the order of HOUR_COLUMNS, which is that of the table. */
export function appendHourRows(appender: DuckDBAppender, hours: readonly HourRow[]): void {
  const types = HOUR_COLUMNS.map((column) => HOUR_TYPES[column] ?? VARCHAR)
  for (let first = 0; first < hours.length; first += CHUNK_ROWS) {
    const rows = hours.slice(first, first + CHUNK_ROWS)
    const chunk = DuckDBDataChunk.create(types, rows.length)
    chunk.setRows(
      rows.map((row) =>
        row.map((value, place) => (types[place] === BIGINT ? BigInt(value) : value)),
      ),
    )
    appender.appendDataChunk(chunk)
  }
}

function storedValue(key: Key, click: PlacedClick): DuckDBValue {
  if (key === 'visitor') return click.visitor === '' ? null : BigInt(`0x${click.visitor}`)
  if (key === 'at' || key === 'position') return BigInt(click[key])
  return click[key]
}

/** The columns of a click as they are shown to others, by the names of a click's fields. */
export const SHOWN_COLUMNS = KEYS.map((key) => {
  const column = CLICK_COLUMNS[key]
  if (key === 'at') return `make_timestamp_ms(${column}) AS "at"`
  return `${key === 'visitor' ? VISITOR_TEXT : column} AS "${key}"`
}).join(', ')

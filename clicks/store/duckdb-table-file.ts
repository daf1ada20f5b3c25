/**
 * A small table as a file of Parquet, by a DuckDB in memory that is there for this alone.
 *
 * Used for reports, whichever store their answers come from. Text columns are VARCHAR, the others BIGINT.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BIGINT, DuckDBDataChunk, DuckDBInstance, VARCHAR } from '@duckdb/node-api'

export interface FileTable {
  readonly columns: readonly string[]
  /** Cells of a column are all texts, or all whole numbers. */
  readonly rows: readonly (readonly (string | number)[])[]
}

const SETTINGS = {
  threads: '1',
  memory_limit: '64MB',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
}
const CHUNK_ROWS = 2_048

export async function parquetOf({ columns, rows }: FileTable): Promise<Uint8Array> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-report-'))
  const instance = await DuckDBInstance.create(':memory:', SETTINGS)
  const connection = await instance.connect()
  try {
    const isText = columns.map((_name, place) => typeof rows[0]?.[place] !== 'number')
    const declared = columns.map(
      (name, place) => `${quoted(name, '"')} ${isText[place] ? 'VARCHAR' : 'BIGINT'}`,
    )
    await connection.run(`CREATE TABLE told (${declared.join(', ')})`)
    const appender = await connection.createAppender('told')
    for (let first = 0; first < rows.length; first += CHUNK_ROWS) {
      const chunk = DuckDBDataChunk.create(isText.map((text) => (text ? VARCHAR : BIGINT)))
      const part = rows.slice(first, first + CHUNK_ROWS)
      chunk.setRows(
        part.map((row) => row.map((cell) => (typeof cell === 'number' ? BigInt(cell) : cell))),
      )
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
    const file = path.join(directory, 'table.parquet')
    await connection.run(`COPY told TO ${quoted(file, "'")} (FORMAT parquet)`)
    return await readFile(file)
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(directory, { recursive: true, force: true })
  }
}

function quoted(text: string, quote: string): string {
  return quote + text.replaceAll(quote, quote + quote) + quote
}

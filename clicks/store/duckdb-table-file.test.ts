/** A table that is written as Parquet is read again as it was. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import test, { type ExecutionContext } from 'ava'
import { parquetOf, type FileTable } from './duckdb-table-file.ts'

test('texts and numbers come back, of none and of many rows', async (t) => {
  const columns = ['country', 'a "b" c', 'clicks']
  const few: FileTable['rows'] = [
    ['DE', `it's; "x",\n=1`, 2 ** 40],
    ['', 'ä😀', 0],
  ]
  const many: FileTable['rows'] = Array.from({ length: 5_000 }, (_, row) => ['x', `${row}`, row])
  for (const rows of [[], few, many]) {
    t.deepEqual(await read(t, await parquetOf({ columns, rows })), { columns, rows })
  }
})

async function read(t: ExecutionContext, bytes: Uint8Array): Promise<FileTable> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-parquet-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'table.parquet')
  await writeFile(file, bytes)
  const duck = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await duck.connect()
  const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${file}')`)
  const rows = reader
    .getRows()
    .map((row) => row.map((cell) => (typeof cell === 'bigint' ? Number(cell) : String(cell))))
  const columns = reader.columnNames()
  connection.closeSync()
  duck.closeSync()
  return { columns, rows }
}

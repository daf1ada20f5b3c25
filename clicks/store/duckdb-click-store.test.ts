/** DuckDB keeps the contract of a click store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { testClickStoreContract } from './click-store.contract.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'

const SETTINGS = { memoryBytesMax: 2 ** 28, threads: 1, questionMsMax: 60_000 }

testClickStoreContract('DuckDB click store', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  let count = 0
  const open = (name: string) =>
    DuckDbClickStore.open({ ...SETTINGS, directory: path.join(root, name) })
  return {
    open: () => open('store'),
    openEmpty: () => open(`empty-${count++}`),
    remove: () => rm(root, { recursive: true }),
  }
})

/** An export of any length holds what one piece of it needs: what was told is let go of. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DuckDBInstance } from '@duckdb/node-api'
import test, { type ExecutionContext } from 'ava'
import { StoreAnalytics } from '../analytics/store-analytics.ts'
import type { StreamFormat } from '../analytics/analytics.ts'
import { sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'
import { CLICK_STORE_FILE } from './duckdb-database.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const ROWS = 150_000
const SETTINGS = { memoryBytesMax: 2 ** 27, threads: 1, questionMsMax: 60_000 }
/** Between two looks at what is held. */
const LOOK_EVERY_BYTES = 2 * 2 ** 20
/** The two windows of clicks that are read at a time, in all forms that they go through, and what else there is. */
const HELD_BYTES_MAX = { csv: 16 * 2 ** 20, ndjson: 32 * 2 ** 20, parquet: 8 * 2 ** 20 }
/** Of the whole export, so that holding it would be seen. */
const WHOLE_BYTES_MIN = { csv: 25 * 2 ** 20, ndjson: 70 * 2 ** 20, parquet: 2 ** 18 }

/** One click a second, each like the other: made in the database, which takes no time. */
async function filled(t: ExecutionContext): Promise<DuckDbClickStore> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-export-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const first = await DuckDbClickStore.open({ ...SETTINGS, directory })
  await first.append([sampleClick()], 1)
  await first.close()
  const instance = await DuckDBInstance.create(path.join(directory, CLICK_STORE_FILE))
  const connection = await instance.connect()
  const copies = `SELECT clicks.*, n FROM clicks, range(1, ${ROWS}) AS numbers(n)`
  await connection.run(
    'INSERT INTO clicks SELECT * EXCLUDE (n) REPLACE (at_ms + n * 1000 AS at_ms, n AS batch_index) ' +
      `FROM (${copies}) AS many`,
  )
  connection.closeSync()
  instance.closeSync()
  const store = await DuckDbClickStore.open({ ...SETTINGS, directory })
  t.teardown(() => store.close())
  return store
}

function held(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

test('however many visits are exported, no more than some windows of them are held', async (t) => {
  t.timeout(120_000)
  const store = await filled(t)
  const none = {} as never
  const analytics = new StoreAnalytics({ store, log: none, consumer: none, deletions: none })
  const question = sampleQuestion()
  for (const format of ['csv', 'ndjson', 'parquet'] satisfies StreamFormat[]) {
    const before = held()
    let most = 0
    let bytes = 0
    let looked = 0
    for await (const piece of analytics.visits(question, format, ROWS)) {
      bytes += piece.length
      if (bytes < looked) continue
      looked = bytes + LOOK_EVERY_BYTES
      most = Math.max(most, held() - before)
    }
    t.true(bytes > WHOLE_BYTES_MIN[format], `${format}: ${bytes} bytes`)
    t.true(most < HELD_BYTES_MAX[format], `${format}: ${most} bytes are held`)
  }
  t.is((await store.ask(question)).totals.clicks, ROWS)
})

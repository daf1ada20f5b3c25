/** DuckDB keeps the contract of a click store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import test from 'ava'
import { sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { testClickStoreContract } from './click-store.contract.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'
import { CLICK_STORE_FILE } from './duckdb-database.ts'

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

test('an append that fails in its middle leaves neither clicks nor position', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  t.teardown(() => rm(root, { recursive: true }))
  const directory = path.join(root, 'store')
  const store = await DuckDbClickStore.open({ ...SETTINGS, directory })
  const clicks = Array.from({ length: 10_000 }, (_, index) => sampleClick({ index }))
  const spoilt = [...clicks.slice(0, -1), sampleClick({ index: 9_999, asn: -1 })]
  await t.throwsAsync(store.append(spoilt, 1), { code: 'click_store_unavailable' })
  const noPosition = 1.5 // found out behind the clicks
  await t.throwsAsync(store.append(clicks, noPosition), { code: 'click_store_unavailable' })
  t.is(await store.position(), 0)
  t.is((await store.facts()).clicks, 0)
  t.deepEqual(await store.mostClicked(0, 1), [])
  await store.append(clicks, 1)
  await store.close()
  const again = await DuckDbClickStore.open({ ...SETTINGS, directory })
  t.is((await again.facts()).clicks, 10_000)
  t.deepEqual(
    (await again.mostClicked(0, 1)).map((link) => link.clicks),
    [10_000],
  )
  await again.close()
})

test('a file of before there were rules goes on, its clicks without one', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  t.teardown(() => rm(root, { recursive: true }))
  const directory = path.join(root, 'store')
  const store = await DuckDbClickStore.open({ ...SETTINGS, directory })
  await store.append(
    [0, 1].map((index) => sampleClick({ index })),
    1,
  )
  await store.close()
  await undoRules(path.join(directory, CLICK_STORE_FILE))

  for (let opened = 0; opened < 2; opened++) {
    const again = await DuckDbClickStore.open({ ...SETTINGS, directory })
    await again.append([sampleClick({ position: 2, rule: 3 })], 2)
    const { groups } = await again.ask(sampleQuestion({ groupBy: ['rule'] }))
    t.deepEqual(
      groups.map(({ values: [rule], clicks }) => [rule, clicks]),
      [
        ['', 2],
        ['3', 1],
      ],
    )
    const [newest, ...others] = (await Array.fromAsync(again.visits(sampleQuestion()))).flat()
    t.deepEqual(newest, sampleClick({ position: 2, rule: 3 }))
    t.deepEqual(others, [sampleClick({ index: 1 }), sampleClick()])
    await again.close()
  }
})

/** Makes the file one of version 1. */
async function undoRules(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  await connection.run('ALTER TABLE clicks DROP COLUMN rule')
  await connection.run('UPDATE store_state SET version = 1')
  connection.closeSync()
  instance.closeSync()
}

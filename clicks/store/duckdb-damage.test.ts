/** A click store that cannot be opened says why, and damage is told from everything else. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DuckDBInstance } from '@duckdb/node-api'
import { hasCode, StartError } from '../../links/errors.ts'
import { sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'
import { ClickStoreDamageError } from './duckdb-failure.ts'

const SETTINGS = { memoryBytesMax: 2 ** 28, threads: 1, questionMsMax: 60_000 }
const CLICKS = 20_000
const PLACES = 20

test('what is no file of DuckDB is damage', async (t) => {
  const { directory, file } = await filledStore(t)
  for (const bytes of [Buffer.from('not a database'), Buffer.alloc(100_000), Buffer.alloc(0)]) {
    await writeFile(file, bytes)
    const error = await t.throwsAsync(open(directory), { instanceOf: ClickStoreDamageError })
    t.true(error.message.includes(file))
  }
})

test('a file that has lost its end is damage', async (t) => {
  const { directory, file } = await filledStore(t)
  await truncate(file, (await readFile(file)).length >> 1)
  t.true(await isDamageTold(t, directory))
})

test('wherever the file is damaged, answers are right or damage is told', async (t) => {
  const { directory, file } = await filledStore(t)
  const whole = await readFile(file)
  let told = 0
  for (let place = 0; place < PLACES; place++) {
    const damaged = Buffer.from(whole)
    const at = Math.floor((whole.length / PLACES) * place)
    for (let index = at; index < Math.min(at + 64, whole.length); index++) damaged[index]! ^= 0xff
    await writeFile(file, damaged)
    if (await isDamageTold(t, directory)) told++
  }
  t.true(told > 0)
})

test('a newer store is refused, and left as it is', async (t) => {
  const { directory, file } = await filledStore(t)
  const duck = await DuckDBInstance.create(file)
  const connection = await duck.connect()
  await connection.run('UPDATE store_state SET version = 99')
  connection.closeSync()
  duck.closeSync()
  const before = await readFile(file)
  const error = await t.throwsAsync(open(directory), { instanceOf: StartError, message: /99/ })
  t.false(error instanceof ClickStoreDamageError)
  t.deepEqual(await readFile(file), before)
})

test('what cannot be reached is no damage', async (t) => {
  const { file } = await filledStore(t)
  const error = await t.throwsAsync(open(path.join(file, 'below')), { instanceOf: StartError })
  t.false(error instanceof ClickStoreDamageError)
})

function open(directory: string): Promise<DuckDbClickStore> {
  return DuckDbClickStore.open({ ...SETTINGS, directory })
}

/** false: everything is answered as it was written. */
async function isDamageTold(t: ExecutionContext, directory: string): Promise<boolean> {
  let store: DuckDbClickStore | undefined
  try {
    store = await open(directory)
    const { totals } = await store.ask(sampleQuestion({ groupBy: ['country', 'referrer'] }))
    t.is(totals.clicks, CLICKS)
    let visits = 0
    for await (const chunk of store.visits(sampleQuestion())) visits += chunk.length
    t.is(visits, CLICKS)
    t.deepEqual(
      (await store.mostClicked(0, 1)).map(({ clicks }) => clicks),
      [CLICKS],
    )
    return false
  } catch (error) {
    if (error instanceof ClickStoreDamageError) return true
    t.true(hasCode(error, 'click_store_unavailable'), String(error))
    const { cause } = error as Error
    t.true(cause instanceof ClickStoreDamageError, String(cause))
    return true
  } finally {
    await store?.close().catch(() => undefined)
  }
}

async function filledStore(t: ExecutionContext): Promise<{ directory: string; file: string }> {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  t.teardown(() => rm(root, { recursive: true }))
  const directory = path.join(root, 'store')
  const store = await open(directory)
  const clicks = Array.from({ length: CLICKS }, (_, index) =>
    sampleClick({ index, referrerPath: `/${(index * 0x9e3779b97f4a7).toString(36)}` }),
  )
  await store.append(clicks, 1)
  await store.close()
  return { directory, file: path.join(directory, 'clicks.duckdb') }
}

/** A copy of a click store is a click store of one moment, whatever is written and rolled up meanwhile. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import type { Code, EpochMs } from '../../links/ids.ts'
import { NOON, sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'
import { CLICK_STORE_FILE } from './duckdb-database.ts'

const SETTINGS = { memoryBytesMax: 2 ** 28, threads: 1, questionMsMax: 60_000 }
const DAY_MS = 86_400_000
const CODES = ['a', 'b', 'c'] as Code[]

async function folder(t: ExecutionContext): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-copy-'))
  t.teardown(() => rm(root, { recursive: true }))
  return root
}

function clicksAt(position: number, from = NOON) {
  return Array.from({ length: 40 }, (_, index) => {
    const at = (from + position * 60_000 + index) as EpochMs
    return sampleClick({ position, index, at, code: CODES[index % 3]! })
  })
}

/** Everything that can be asked and does not depend on how the file lies on the disk. */
async function contentOf(store: DuckDbClickStore) {
  const question = { ...sampleQuestion(), interval: 'hour' as const, groupBy: ['code'] as const }
  const visits = (await Array.fromAsync(store.visits(sampleQuestion()))).flat()
  return {
    position: await store.position(),
    answer: await store.ask(question),
    clicksOf: await store.clicksOf(CODES),
    visits,
  }
}

async function copied(t: ExecutionContext, store: DuckDbClickStore): Promise<DuckDbClickStore> {
  const directory = path.join(await folder(t), 'copy')
  await mkdir(directory)
  await writeFile(path.join(directory, CLICK_STORE_FILE), await buffer(store.copy()))
  const copy = await DuckDbClickStore.open({ ...SETTINGS, directory })
  t.teardown(() => copy.close())
  return copy
}

test('it answers as the store did, with clicks by the hour, and goes on', async (t) => {
  const directory = path.join(await folder(t), 'store')
  const store = await DuckDbClickStore.open({ ...SETTINGS, directory })
  t.teardown(() => store.close())
  await store.append(clicksAt(1, (NOON - 2 * DAY_MS) as EpochMs), 1)
  await store.retain(NOON)
  await store.append(clicksAt(2), 2)
  const before = await contentOf(store)
  const copy = await copied(t, store)
  t.deepEqual(await contentOf(copy), before)
  t.is(
    [...before.clicksOf.values()].reduce((a, b) => a + b),
    80,
  )
  await copy.append(clicksAt(2), 2)
  t.deepEqual(await contentOf(copy), before)
  await copy.append(clicksAt(3), 3)
  t.is((await copy.facts()).clicks, 80)
  t.deepEqual(await readdir(path.join(directory, 'exports')), [])
})

test('while clicks are appended, it has those up to its position', async (t) => {
  const store = await DuckDbClickStore.open({
    ...SETTINGS,
    directory: path.join(await folder(t), 'store'),
  })
  t.teardown(() => store.close())
  let position = 0
  const append = () => store.append(clicksAt(++position), position)
  await append()
  const over = new AbortController()
  const appending = (async () => {
    while (!over.signal.aborted) await append()
  })()
  const copy = await copied(t, store)
  over.abort()
  await appending
  const { position: held, visits, clicksOf } = await contentOf(copy)
  t.true(held >= 1 && held <= position)
  t.is(visits.length, 40 * held)
  t.is(
    [...clicksOf.values()].reduce((a, b) => a + b),
    40 * held,
  )
})

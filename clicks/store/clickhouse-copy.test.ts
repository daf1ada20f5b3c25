/** Clicks that were copied from one kind of store into the other, and back, answer as they did, and go on. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { ClickHouseService } from '../../test/services/clickhouse-service.ts'
import { serialTestWith } from '../../test/services/service-test.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { arbitraryBatches, NOON, sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { ClickHouseClickStore } from './clickhouse-click-store.ts'
import { ClickHouseConnection } from './clickhouse-connection.ts'
import { readClickHouseCopy } from './clickhouse-copy.ts'
import type { ClickStore } from './click-store.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'
import { CLICK_STORE_FILE } from './duckdb-database.ts'

const copyTest = serialTestWith('clickhouse')
const SETTINGS = { memoryBytesMax: 2 ** 28, threads: 1, questionMsMax: 60_000 }
const DAY_MS = 86_400_000
const CODES = ['a', 'b', 'go.example/a', 'd-_'] as Code[]

class World {
  readonly #t: ExecutionContext
  readonly #service: ClickHouseService
  readonly root: string
  #places = 0

  private constructor(t: ExecutionContext, service: ClickHouseService, root: string) {
    this.#t = t
    this.#service = service
    this.root = root
  }

  static async start(t: ExecutionContext): Promise<World> {
    t.timeout(240_000)
    const service = await ClickHouseService.start()
    t.teardown(() => service.close())
    const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-copy-'))
    t.teardown(() => rm(root, { recursive: true }))
    return new World(t, service, root)
  }

  get place() {
    return { url: this.#service.url, namespace: `place${this.#places}`, questionMsMax: 60_000 }
  }

  async clickHouse(): Promise<ClickHouseClickStore> {
    this.#places++
    const copyDirectory = path.join(this.root, 'copies')
    const store = await ClickHouseClickStore.open({ ...this.place, copyDirectory })
    this.#t.teardown(() => store.close())
    return store
  }

  /** Where a file of DuckDB is that has what the store has. */
  async fileOf(store: ClickStore): Promise<string> {
    return this.fileWith(await buffer(store.copy()))
  }

  async fileWith(bytes: Buffer): Promise<string> {
    const directory = path.join(this.root, `file${this.#places++}`)
    await mkdir(directory)
    await writeFile(path.join(directory, CLICK_STORE_FILE), bytes)
    return directory
  }

  async duckDb(directory: string): Promise<DuckDbClickStore> {
    const store = await DuckDbClickStore.open({ ...SETTINGS, directory })
    this.#t.teardown(() => store.close())
    return store
  }
}

async function contentOf(store: ClickStore) {
  const always = { from: 0 as EpochMs, to: Date.UTC(2100, 0, 1) as EpochMs } as const
  const shown = async (orphans: boolean) =>
    (await Array.fromAsync(store.visits(sampleQuestion({ ...always, orphans })))).flat()
  const byCode = sampleQuestion({ ...always, groupBy: ['code', 'status'], limit: 100 })
  const byDay = sampleQuestion({ groupBy: ['country'], interval: 'day' })
  return {
    position: await store.position(),
    byCode: await store.ask(byCode),
    byDay: await store.ask(byDay),
    clicksOf: Object.fromEntries(await store.clicksOf(CODES)),
    mostClicked: await store.mostClicked(0, 10),
    visits: await shown(false),
    orphans: await shown(true),
  }
}

copyTest('from ClickHouse into a file, and from that into another ClickHouse', async (t) => {
  const world = await World.start(t)
  await fc.assert(
    fc.asyncProperty(
      arbitraryBatches(NOON),
      fc.integer({ min: -2, max: 2 }),
      async (batches, days) => {
        const store = await world.clickHouse()
        let position = 0
        for (const batch of batches) await store.append(batch, (position += 3))
        await store.retain((NOON + days * DAY_MS) as EpochMs)
        // It comes late: into a day that was rolled up.
        const late = sampleClick({ code: 'a' as Code, at: (NOON - 30 * DAY_MS) as EpochMs })
        await store.append([{ ...late, position: position + 1 }], position + 1)
        const before = await contentOf(store)
        const file = await world.fileOf(store)
        const other = await world.clickHouse()
        await other.fillFrom(file)
        t.deepEqual(await contentOf(other), before)
        const alone = await world.duckDb(file)
        t.deepEqual(await contentOf(alone), before)

        for (const one of [store, other, alone]) {
          await one.append([{ ...late, position: position + 2 }], position + 2)
          await one.retain((NOON + 300 * DAY_MS) as EpochMs)
        }
        const after = await contentOf(store)
        t.deepEqual(await contentOf(other), after)
        t.deepEqual(await contentOf(alone), after)
      },
    ),
    { numRuns: 2, seed: 3 },
  )
  t.deepEqual(await readdir(path.join(world.root, 'copies')), [])
})

copyTest('what is taken away while it is copied is in it or not, never by half', async (t) => {
  const world = await World.start(t)
  const store = await world.clickHouse()
  const gone = { kind: 'link', value: 'a' } as const
  const clicks = Array.from({ length: 12 }, (_, index) =>
    sampleClick({ code: CODES[index % 2]!, index, at: (NOON + index * DAY_MS) as EpochMs }),
  )
  await store.append(clicks, 1)
  await store.retain((NOON + 6 * DAY_MS) as EpochMs)
  const connection = await ClickHouseConnection.open(world.place)
  t.teardown(() => connection.close())
  const stream = connection.stream.bind(connection)
  let streams = 0
  connection.stream = async function* (...asked) {
    // Some of the clicks were read, hours were not yet.
    if (++streams === 3) await store.delete(gone, 2)
    yield* stream(...asked)
  }
  const copied = await buffer(readClickHouseCopy(connection, world.root, undefined))
  const copy = await world.duckDb(await world.fileWith(copied))
  t.is((await copy.clicksOf(['a' as Code])).size, 0)
  t.deepEqual(await contentOf(copy), await contentOf(store))
  t.true(streams > 4)
})

copyTest('one that has clicks takes none in', async (t) => {
  const world = await World.start(t)
  const store = await world.clickHouse()
  await store.assertEmpty()
  await store.append([sampleClick()], 1)
  const file = await world.fileOf(store)
  const message = /ClickHouse at .* has clicks already, and is left as it is/
  await t.throwsAsync(() => store.fillFrom(file), { message })
  await t.throwsAsync(() => store.assertEmpty(), { message })
})

/** Deletions reach every copy of the clicks, wherever it was when they were asked for. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'ava'
import { systemClock } from '../../links/clock.ts'
import { toEpochMs } from '../../links/ids.ts'
import { decodeBatch } from '../log/batch-codec.ts'
import { EMPTY_ADDRESS_BOOK } from '../parse/address-book.ts'
import { ClickParser } from '../parse/click-parser.ts'
import { DuckDbClickStore } from '../store/duckdb-click-store.ts'
import type { ClickStore } from '../store/click-store.ts'
import { MemoryClickStore } from '../testing/memory-click-store.ts'
import { RecorderWorld } from '../testing/recorder-world.ts'
import { sampleQuestion } from '../testing/sample-clicks.ts'
import { ClickConsumer } from './click-consumer.ts'

const DAY_MS = 86_400_000
const PARSER = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })

/** Brings all that the log has into a store, and tells what was deleted on the way. */
async function catchUp({ log }: RecorderWorld, store: ClickStore): Promise<string[]> {
  const deleted: string[] = []
  const consumer = new ClickConsumer({
    log: log.reader(),
    store,
    decode: decodeBatch,
    parse: (record, node) => PARSER.parse(record, node),
    clock: systemClock,
    now: () => toEpochMs(Date.UTC(2030, 0, 2)),
    random: () => 0.5,
    retentionMs: 30 * DAY_MS,
    onDeleted: (id, clicks) => deleted.push(`${id}: ${clicks}`),
    onError: (_what, error) => {
      throw error
    },
  })
  await consumer.drain()
  await consumer.run()
  return deleted
}

async function codesIn(store: ClickStore): Promise<string[]> {
  const question = { ...sampleQuestion(), from: toEpochMs(0), to: toEpochMs(Date.UTC(2031, 0)) }
  const visits = (await Array.fromAsync(store.visits(question))).flat()
  return visits.map(({ code, address }) => `${code} ${address}`).toSorted()
}

test('a copy that was away, and one that is made anew, end as the one that lived', async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  const open = (name: string) => {
    const settings = { memoryBytesMax: 2 ** 28, threads: 1, questionMsMax: 60_000 }
    return DuckDbClickStore.open({ ...settings, directory: path.join(root, name) })
  }
  const [living, away, anew] = await Promise.all(['living', 'away', 'anew'].map(open))
  const stores = [living!, away!, anew!, new MemoryClickStore()]
  t.teardown(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await rm(root, { recursive: true })
  })
  const world = new RecorderWorld()
  const visitAll = async () => {
    world.visit({ code: 'gone' })
    world.visit({ code: 'stays' })
    world.visit({ code: 'stays', address: '198.51.100.9' })
    await world.taken()
  }
  await visitAll()
  await catchUp(world, living!)
  await catchUp(world, away!)
  await world.recorder.noteDeletion({ id: 'link', kind: 'link', value: 'gone' })
  t.deepEqual(await catchUp(world, living!), ['link: 1'])
  const address = { id: 'address', kind: 'address', value: '198.51.100.0' } as const
  await world.recorder.noteDeletion(address)
  await visitAll()

  t.deepEqual(await catchUp(world, living!), ['address: 1'])
  for (const store of stores.slice(1)) {
    t.deepEqual(await catchUp(world, store), ['link: 1', 'address: 1'])
  }
  for (const store of stores) {
    t.deepEqual(await codesIn(store), [
      'gone 203.0.113.0',
      'stays 198.51.100.0',
      'stays 203.0.113.0',
      'stays 203.0.113.0',
    ])
    t.deepEqual(await catchUp(world, store), [], 'nothing is deleted twice')
  }
})

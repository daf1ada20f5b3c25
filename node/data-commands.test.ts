/** A data directory is checked and mended: what is wrong is named, nothing goes without a word. */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { readConfig } from '../config.ts'
import type { Code, Epoch, LogPosition, NodeId } from '../links/ids.ts'
import { systemLongWork } from '../links/long-work.ts'
import { Ring } from '../links/ring.ts'
import { linkRecord, linkVersion } from '../links/testing/sample-links.ts'
import { DataDirectory } from '../persistence/data-directory/data-directory.ts'
import { LmdbEnvironment, type Keyspace } from '../persistence/data-directory/lmdb-environment.ts'
import { decodeLogRecord, encodeLogRecord } from '../persistence/log/log-record.ts'
import { chunkKey, CHUNKS } from '../persistence/log/log-chunk.ts'
import { LmdbLog } from '../persistence/log/lmdb-log.ts'
import { checkpointKey, linkKey, STORE_KEYSPACES } from '../persistence/store/link-entry.ts'
import { LmdbLinkStore } from '../persistence/store/lmdb-link-store.ts'
import { runDataCommand, type DataCommand } from './data-commands.ts'

const PARTITIONS = 16
const ring = new Ring(PARTITIONS)
const work = systemLongWork()
const CODE = 'abc' as Code
const P = ring.partitionOf(CODE)
/** Entries of the log: an epoch record, then a version of the link each. */
const LAST = 6
const CHECKPOINT = 4
const ROUND = 'https://example.org/round-'

class Place {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** Runs a command; whether the directory is whole, and what was printed. */
  async run(command: DataCommand): Promise<{ isWhole: boolean; text: string }> {
    const lines: string[] = []
    const env = { TINYGRID_DATA_DIR: this.root, TINYGRID_PARTITIONS: String(PARTITIONS) }
    const isWhole = await runDataCommand(command, readConfig(env), (line) => lines.push(line))
    return { isWhole, text: lines.join('\n') }
  }

  /** Finds the fault, is not changed by being told, and is whole after the repair. */
  async isMended(t: ExecutionContext, fault: RegExp): Promise<void> {
    const verified = await this.run('verify')
    t.false(verified.isWhole)
    t.regex(verified.text, fault)
    const told = await this.run('repair')
    t.false(told.isWhole)
    t.regex(told.text, /Nothing was changed/)
    t.is((await this.run('verify')).text, verified.text)
    const mended = await this.run('repair and accept loss')
    t.true(mended.isWhole, mended.text)
    t.true((await this.run('verify')).isWhole)
  }

  async withLog<T>(use: (log: LmdbLog) => Promise<T>): Promise<T> {
    const log = await LmdbLog.open(path.join(this.root, 'log'), { logBytesMax: 1e9, work })
    const result = await use(log)
    await log.close()
    return result
  }

  async withStore<T>(use: (store: LmdbLinkStore) => Promise<T>): Promise<T> {
    const options = { partitions: PARTITIONS, work }
    const store = await LmdbLinkStore.open(path.join(this.root, 'store'), options)
    const result = await use(store)
    await store.close()
    return result
  }

  /** Changes a keyspace behind the back of log and store. */
  async damage(part: 'log' | 'store', name: string, change: (keyspace: Keyspace) => void) {
    const environment = new LmdbEnvironment(path.join(this.root, part))
    await environment.hold()
    const keyspace = environment.keyspace(name)
    await environment.commit({ bytes: 0 }, () => change(keyspace))
    await environment.close()
  }

  async removedCopies(): Promise<string[]> {
    const names = (await readdir(this.root)).filter((name) => name.startsWith('removed-'))
    return Promise.all(names.map((name) => readFile(path.join(this.root, name), 'utf8')))
  }
}

test('a whole directory is told to be whole, and nothing in it is changed', async (t) => {
  const place = await madePlace(t)
  const { isWhole, text } = await place.run('verify')
  t.true(isWhole, text)
  t.regex(text, /is whole: 6 entries of the log and 21 of the store were read/)
  t.true((await place.run('repair and accept loss')).isWhole)
  t.deepEqual(await place.removedCopies(), [])
})

test('a damaged link goes, and a copy of it stays', async (t) => {
  const place = await madePlace(t)
  await place.damage('store', STORE_KEYSPACES.links, (links) => {
    const value = links.getBinary(linkKey('other-7' as Code))!
    void links.put(linkKey('other-7' as Code), value.fill(0xff, 20, 22))
  })
  await place.isMended(t, /store: link "other-7" is damaged/)
  t.is(await place.withStore((store) => store.get('other-7' as Code)), undefined)
  const [copy] = await place.removedCopies()
  t.true(copy!.includes(linkKey('other-7' as Code).toString('base64')))
})

test('a link under a damaged key goes back to its place', async (t) => {
  const place = await madePlace(t)
  await place.damage('store', STORE_KEYSPACES.links, (links) => {
    const key = linkKey('other-7' as Code)
    const wrong = Buffer.from(key)
    wrong[6]! ^= 3
    void links.put(wrong, links.getBinary(key)!)
    void links.remove(key)
  })
  await place.isMended(t, /store: link ".*" is damaged/)
  await place.withStore(async (store) => {
    t.truthy(await store.get('other-7' as Code))
    const { links } = await store.list({ limit: 100, tag: 'tag' })
    t.is(links.length, 20)
  })
})

test('the indexes are made to agree with the links', async (t) => {
  const place = await madePlace(t)
  await place.damage('store', STORE_KEYSPACES.byTag, (byTag) => {
    const [first] = [...byTag.getKeys({})]
    void byTag.remove(first!)
    void byTag.put(Buffer.from('\u0003tagnothing'), Buffer.alloc(0))
  })
  await place.isMended(t, /is missing from the list by tag[^]* is wrongly in the list by tag/)
})

test('a damaged checkpoint is set to where the log begins, which loses nothing', async (t) => {
  const place = await madePlace(t)
  await place.damage('store', STORE_KEYSPACES.checkpoints, (checkpoints) => {
    void checkpoints.put(checkpointKey(P), Buffer.alloc(10, 7))
  })
  await place.isMended(t, new RegExp(`the checkpoint of partition ${P} is damaged`))
  t.deepEqual(await place.withStore((store) => store.checkpoints()), new Map())
})

test('a log that ends before the store gives no position twice', async (t) => {
  const place = await madePlace(t)
  const key = new Map([[P, 40 as LogPosition]])
  await place.withStore((store) => store.saveCheckpoints(key))
  await place.isMended(t, /the log ends with entry 6, the store has everything up to entry 40/)
  await place.withLog(async (log) => {
    t.is(await log.last(P), 41 as LogPosition)
    const [entry] = await Array.fromAsync(log.readAfter(P, 40 as LogPosition))
    t.like(decodeLogRecord(entry!.payload), { kind: 'batch', records: [], epoch: 2 as Epoch })
  })
})

test('a version above the log shows that the log has lost its end', async (t) => {
  const place = await madePlace(t)
  await place.withStore((store) => store.write([linkVersion(CODE, 9)]))
  await place.isMended(t, /the log ends with entry 6, the store has everything up to entry 9/)
})

test('where entries are in neither log nor store, the store goes on where the log begins', async (t) => {
  const place = await madePlace(t)
  const old = path.join(place.root, '..', 'old-store')
  await cp(path.join(place.root, 'store'), old, { recursive: true })
  await place.withLog((log) => log.trim(P, LAST as LogPosition))
  await place.isMended(t, /the store ends with entry 4, the log begins behind entry 5/)
  t.is((await place.withStore((store) => store.checkpoints())).get(P), 5 as LogPosition)
})

test('a damaged entry loses its links alone, also the last one', async (t) => {
  for (const entry of [5, LAST]) {
    const place = await madePlace(t)
    await place.damage('log', CHUNKS, (chunks) => {
      // In the first format, where only the record itself has a checksum.
      const value = chunks.getBinary(chunkKey(entry))!.subarray(5)
      value[value.length - 1]! ^= 1
      void chunks.put(chunkKey(entry), value)
    })
    await place.isMended(t, new RegExp(`entry ${entry} of partition ${P}: .*checksum`))
    await urlsAre(
      t,
      place,
      [5, LAST].filter((one) => one !== entry),
    )
    t.is((await place.removedCopies()).length, 1)
  }
})

test('a part of the log that cannot be read loses what was in it alone', async (t) => {
  const place = await madePlace(t)
  await place.damage('log', CHUNKS, (chunks) => {
    const value = chunks.getBinary(chunkKey(5))!
    value[9]! ^= 1
    void chunks.put(chunkKey(5), value)
  })
  await place.isMended(t, /log: part 5, whose entries are not known: .*checksum/)
  await urlsAre(t, place, [LAST])
})

/** The log still has these entries behind the checkpoint, and all positions. */
async function urlsAre(t: ExecutionContext, place: Place, entries: readonly number[]) {
  await place.withLog(async (log) => {
    const read = await Array.fromAsync(log.readAfter(P, CHECKPOINT as LogPosition))
    t.deepEqual(
      read.map(({ position }) => Number(position)),
      [5, LAST],
    )
    const left = read.filter(({ payload }) => payload.includes(ROUND))
    t.deepEqual(
      left.map(({ position }) => Number(position)),
      entries,
    )
  })
}

/** A directory with one link that was written again and again, and 20 that only the store has. */
async function madePlace(t: ExecutionContext): Promise<Place> {
  const root = path.join(await mkdtemp(path.join(tmpdir(), 'tinygrid-check-')), 'data')
  t.teardown(() => rm(path.dirname(root), { recursive: true, force: true }))
  await (await DataDirectory.open(root, { partitions: PARTITIONS })).close()
  const place = new Place(root)
  await place.withLog(async (log) => {
    const opening = { kind: 'epoch', epoch: 1 as Epoch, nodeId: 'n' as NodeId } as const
    await log.append(P, encodeLogRecord(opening), 0 as LogPosition)
    for (let last = 1; last < LAST; last++) {
      const records = [linkRecord(CODE, { url: `${ROUND}${last + 1}` })]
      const batch = {
        kind: 'batch',
        epoch: 1 as Epoch,
        batchId: 'b',
        records,
        operations: [],
      } as const
      await log.append(P, encodeLogRecord(batch), last as LogPosition)
    }
  })
  await place.withStore(async (store) => {
    const others = Array.from({ length: 20 }, (_, index) => `other-${index}`)
    const elsewhere = others.map((code) => linkVersion(code, 0, { tags: ['tag'] }))
    await store.write([...elsewhere, linkVersion(CODE, CHECKPOINT)])
    await store.saveCheckpoints(new Map([[P, CHECKPOINT as LogPosition]]))
  })
  return place
}

/**
 * What persistence costs: log appends, bulk writes to the store, loading, listing, the start's check.
 *
 * `node bench/persistence.ts [links]`. Runs on LMDB in a directory that is removed afterwards, on the
 * disk of TMPDIR. CPU is that of the whole process, the driver's threads included; `stall` is the
 * longest time that the event loop was held up.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemLongWork } from '../links/long-work.ts'
import type { LinkVersion } from '../links/link-record.ts'
import type { Code, EpochMs, LogPosition, PartitionId } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { findDamage } from '../persistence/data-directory/lmdb-file.ts'
import { LmdbLinkStore } from '../persistence/store/lmdb-link-store.ts'
import { LmdbLog } from '../persistence/log/lmdb-log.ts'
import { linkVersion } from '../links/testing/sample-links.ts'
import { WriteBehind } from '../persistence/write-behind/write-behind.ts'

export interface PersistenceFigure {
  readonly what: string
  /** Operations per second. */
  readonly perSecond: number
  /** CPU of the process per operation. */
  readonly cpuMicroseconds: number
  readonly stallMs: number
}

const RING = new Ring(256)
const IN_FLIGHT = 100
const APPENDS = 100_000
const APPEND_BYTES = 160
const BATCH_LINKS = 1000
const LIST_PAGES = 200

/** Measures everything once with so many links in the store. */
export async function measurePersistence(links: number): Promise<PersistenceFigure[]> {
  const root = await mkdtemp(path.join(tmpdir(), 'tinygrid-bench-'))
  try {
    return [...(await measureLog(path.join(root, 'log'))), ...(await measureStore(root, links))]
  } finally {
    await rm(root, { recursive: true })
  }
}

async function measureLog(directory: string): Promise<PersistenceFigure[]> {
  const log = await LmdbLog.open(directory, { logBytesMax: 2 ** 30, work: systemLongWork() })
  const lasts = new Map<PartitionId, LogPosition>()
  const payload = Buffer.alloc(APPEND_BYTES, 1)
  let done = 0
  const writer = async (_: unknown, index: number) => {
    const partition = (index * 2) as PartitionId
    while (done < APPENDS) {
      done++
      const last = await log.append(partition, payload, lasts.get(partition) ?? (0 as LogPosition))
      lasts.set(partition, last)
      if (last % 100 === 0) await log.trim(partition, (last - 10) as LogPosition)
    }
  }
  const figure = await measure(`log appends, ${IN_FLIGHT} in flight, trimmed`, APPENDS, () =>
    Promise.all(Array.from({ length: IN_FLIGHT }, writer)),
  )
  await log.close()
  return [figure]
}

async function measureStore(root: string, links: number): Promise<PersistenceFigure[]> {
  const directory = path.join(root, 'store')
  const options = { partitions: RING.partitions, work: systemLongWork() }
  const store = await LmdbLinkStore.open(directory, options)
  const log = await LmdbLog.open(path.join(root, 'write-behind-log'), {
    logBytesMax: 2 ** 30,
    work: systemLongWork(),
  })
  const figures = [
    await measure('links into the store, behind', links, () => flushAll(store, log, links)),
    await measure('changes of links in the store', links >> 3, () =>
      changeSome(store, links, links >> 3),
    ),
    await measure('links loaded', links, async () => {
      for await (const batch of store.load(RING.all())) void batch.length
    }),
    await measure('list pages of 50 links', LIST_PAGES, () => listPages(store)),
    await measure('search of 20,000 links', 5, () => searchPages(store)),
  ]
  await store.close()
  await log.close()
  const check = await measure('links checked at the start', links, async () => {
    findDamage(path.join(directory, 'data.mdb'))
  })
  return [...figures, check]
}

/** As the owners do: notes batches as they are applied, while the write-behind flushes them. */
async function flushAll(store: LmdbLinkStore, log: LmdbLog, links: number): Promise<void> {
  const dirty = new Map<Code, LinkVersion>()
  const writeBehind = new WriteBehind({
    log,
    store,
    source: {
      versionOf: (_, code) => dirty.get(code),
      keptFrom: () => undefined,
      flushed: (_, versions) => {
        for (const { code } of versions) dirty.delete(code)
      },
    },
    dirtyBytesMax: () => 64 * 2 ** 20,
  })
  for (let from = 0; from < links; from += BATCH_LINKS) {
    for (let index = from; index < from + BATCH_LINKS; index++) {
      const version = versionOf(index, 1 + Math.floor(from / BATCH_LINKS))
      dirty.set(version.code, version)
      writeBehind.noteApplied(RING.partitionOf(version.code), version.position, [version])
    }
    await new Promise((resolve) => setImmediate(resolve))
    while (writeBehind.isFull()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await writeBehind.close(60_000)
}

async function changeSome(store: LmdbLinkStore, links: number, changes: number): Promise<void> {
  for (let from = 0; from < changes; from += BATCH_LINKS) {
    const indexes = Array.from({ length: BATCH_LINKS }, () => Math.floor(Math.random() * links))
    await store.write(indexes.map((index) => versionOf(index, 1e9 + from)))
  }
}

async function listPages(store: LmdbLinkStore): Promise<void> {
  let cursor: string | undefined
  for (let page = 0; page < LIST_PAGES; page++) {
    const { nextCursor } = await store.list({
      limit: 50,
      ...(cursor === undefined ? {} : { cursor }),
    })
    cursor = nextCursor ?? undefined
  }
}

async function searchPages(store: LmdbLinkStore): Promise<void> {
  for (let page = 0; page < 5; page++)
    await store.list({ limit: 50, search: 'nowhere to be found' })
}

function versionOf(index: number, position: number): LinkVersion {
  const code = (index * 2_654_435_761).toString(36) as Code
  const createdAt = (1_700_000_000_000 + index) as EpochMs
  const url = `https://example.com/some/where/${index}?reference=${index % 97}`
  return linkVersion(code, position, { url, createdAt })
}

async function measure(
  what: string,
  operations: number,
  run: () => Promise<unknown>,
): Promise<PersistenceFigure> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = process.cpuUsage()
  const start = performance.now()
  await run()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  return {
    what,
    perSecond: operations / seconds,
    cpuMicroseconds: (user + system) / operations,
    stallMs: delay.max / 1e6,
  }
}

if (import.meta.main) {
  const figures = await measurePersistence(Number(process.argv[2] ?? 1_000_000))
  for (const { what, perSecond, cpuMicroseconds, stallMs } of figures) {
    const rate = Math.round(perSecond).toLocaleString('en').padStart(12)
    const cpu = cpuMicroseconds.toFixed(1).padStart(10)
    console.log(
      `${what.padEnd(40)}${rate}/s${cpu} us CPU${stallMs.toFixed(0).padStart(6)} ms stall`,
    )
  }
}

/**
 * What the analytics process works with: the click log to read, the store to write, and the parser.
 *
 * Opened by its settings. A store in a file is locked first, so that never two processes write it: who
 * comes second waits, as the first may be about to end. A damaged file is moved aside, and that is said.
 */
import { mkdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { connectNats } from '../../cluster/nats/nats-connection.ts'
import { systemClock } from '../../links/clock.ts'
import { DirectoryLock } from '../../persistence/data-directory/directory-lock.ts'
import type { Click } from '../click.ts'
import type { ClickRecord } from '../log/click-batch.ts'
import type { ClickLogReader } from '../log/click-log.ts'
import { JetStreamClickReader } from '../log/jetstream-click-reader.ts'
import { LmdbClickReader } from '../log/lmdb-click-reader.ts'
import { openAddressData } from '../parse/address-data.ts'
import { machineMemoryBytes } from '../../links/machine-memory.ts'
import { ClickParser } from '../parse/click-parser.ts'
import type { ClickStore } from '../store/click-store.ts'
import { ClickHouseClickStore } from '../store/clickhouse-click-store.ts'
import { DuckDbClickStore } from '../store/duckdb-click-store.ts'
import { CLICK_STORE_FILE } from '../store/duckdb-database.ts'
import type { AnalyticsSettings, ClickLogSettings, StoreSettings } from './analytics-ipc.ts'
import { isDamage, isMarkedDamaged, moveAside } from './damaged-store.ts'

const LOCK_AGAIN_MS = 500
const COPIES = 'copies'
const QUESTION_MS_MAX = 25_000
/** Of the machine's memory, within bounds, for questions that sort and group. */
const MEMORY_SHARE = 8
const MEMORY_BYTES = { min: 128 * 2 ** 20, max: 2 ** 30 }
const THREADS_MAX = 2

export interface AnalyticsParts {
  readonly log: ClickLogReader
  readonly store: ClickStore
  readonly parse: (record: ClickRecord, node: string) => Click
  close(): Promise<void>
}

/**
 * @param tell for people: what is out of order and gone on without
 * @throws StartError
 */
export async function openParts(
  settings: AnalyticsSettings,
  tell: (what: string) => void,
): Promise<AnalyticsParts> {
  const addresses = await openAddressData({
    countryFile: settings.geoipFile,
    networkFile: settings.geoipAsnFile,
    onMissing: tell,
  })
  const parser = new ClickParser({ addresses, keepsAddress: settings.keepsAddress })
  // First: NATS may not be there, and then nothing else is to be left behind.
  const { log, close: closeLog } = await openLog(settings.log)
  const lock = await lockOf(settings.store.directory, tell)
  const store = await openStore(settings.store, tell)
  return {
    log,
    store,
    parse: (record, node) => parser.parse(record, node),
    close: async () => {
      await store.close()
      await closeLog()
      await lock.release()
    },
  }
}

/** @throws StartError */
async function openLog(settings: ClickLogSettings) {
  if (settings.kind === 'lmdb') {
    const log: ClickLogReader = LmdbClickReader.of(settings.directory, systemClock)
    return { log, close: () => log.close() }
  }
  const { url, tls, name, namespace } = settings
  const { inboxPrefix } = namesOf(namespace)
  const connection = await connectNats({ url, tls, name, inboxPrefix })
  const log: ClickLogReader = new JetStreamClickReader({
    connection,
    namespace,
    clock: systemClock,
  })
  const close = async () => {
    await log.close()
    await connection.close()
  }
  return { log, close }
}

async function lockOf(directory: string, tell: (what: string) => void): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (let attempt = 0; ; attempt++) {
    const lock = await DirectoryLock.acquire(directory)
    if (lock !== undefined) return lock
    if (attempt === 0) tell(`another process has the click store ${directory}; waiting for its end`)
    await sleep(LOCK_AGAIN_MS)
  }
}

async function openStore(
  settings: StoreSettings,
  tell: (what: string) => void,
): Promise<ClickStore> {
  if (settings.kind === 'duckdb') return openFile(settings.directory, tell)
  const { url, tls, namespace, directory } = settings
  const copyDirectory = path.join(directory, COPIES)
  // What a process left that was killed.
  await rm(copyDirectory, { recursive: true, force: true })
  const place = { url, tls, namespace, copyDirectory }
  return ClickHouseClickStore.open({ ...place, questionMsMax: QUESTION_MS_MAX })
}

/** What was in a damaged file comes again from the click log, as far as that goes back. */
async function openFile(directory: string, tell: (what: string) => void): Promise<ClickStore> {
  const options = {
    directory,
    memoryBytesMax: Math.max(
      MEMORY_BYTES.min,
      Math.min(MEMORY_BYTES.max, Math.floor(machineMemoryBytes() / MEMORY_SHARE)),
    ),
    threads: Math.min(THREADS_MAX, os.availableParallelism()),
    questionMsMax: QUESTION_MS_MAX,
  }
  let damage: unknown
  if (!isMarkedDamaged(directory)) {
    try {
      return await DuckDbClickStore.open(options)
    } catch (error) {
      if (!isDamage(error)) throw error
      damage = error
    }
  }
  const file = path.join(directory, CLICK_STORE_FILE)
  const aside = await moveAside(file, new Date())
  const why = damage instanceof Error ? damage.message : `the click store ${file} was damaged`
  tell(
    `${why}. It was moved to ${aside}; clicks are read again from the click log, as far as it goes`,
  )
  return DuckDbClickStore.open(options)
}

/**
 * The embedded way to run: log and store in the data directory, the key beside them, no servers.
 */
import path from 'node:path'
import type { Config } from '../config.ts'
import type { LongWork } from '../links/long-work.ts'
import { loadOrCreateApiKey } from '../persistence/data-directory/api-key-file.ts'
import { DataDirectory, DataDirectoryError } from '../persistence/data-directory/data-directory.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import { LmdbLinkStore } from '../persistence/store/lmdb-link-store.ts'
import { LmdbLog } from '../persistence/log/lmdb-log.ts'
import type { Log } from '../persistence/log/log.ts'

export interface Embedded {
  readonly log: Log
  readonly store: LinkStore
  readonly apiKey: string
  /** The key was made just now. */
  readonly isNewKey: boolean
  /** Resolves when another process has taken the directory: nothing is written any more. */
  readonly lost: Promise<DataDirectoryError>
  close(): Promise<void>
}

/** @throws DataDirectoryError if the directory is locked, damaged, foreign or newer */
export async function openEmbedded(config: Config, work: LongWork): Promise<Embedded> {
  const directory = await DataDirectory.open(config.dataDir, { partitions: config.partitions })
  const { apiKey, isNewKey } = await keyOf(config)
  const { promise: lost, resolve } = Promise.withResolvers<DataDirectoryError>()
  const options = { ...config, work, onLost: () => resolve(takenFrom(config)) }
  const log = await LmdbLog.open(path.join(config.dataDir, 'log'), options)
  const store = await LmdbLinkStore.open(path.join(config.dataDir, 'store'), options)
  const close = async () => {
    await log.close()
    await store.close()
    await directory.close()
  }
  return { log, store, apiKey, isNewKey, lost, close }
}

function takenFrom({ dataDir }: Config): DataDirectoryError {
  return new DataDirectoryError(
    `The data directory ${path.resolve(dataDir)} was opened by another process or replaced; this one stops.`,
  )
}

async function keyOf({ apiKey, dataDir }: Config) {
  if (apiKey !== undefined) return { apiKey, isNewKey: false }
  return loadOrCreateApiKey(dataDir)
}

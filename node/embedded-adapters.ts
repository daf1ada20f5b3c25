/**
 * The embedded way to run: log and store in the data directory, the key beside them, no servers.
 */
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { findDamage } from '../persistence/data-directory/lmdb-file.ts'
import { LmdbClickLog } from '../clicks/log/lmdb-click-log.ts'
import { systemClock } from '../links/clock.ts'
import type { KeyStore } from '../cluster/keys/key-store.ts'
import type { Config } from '../config.ts'
import type { LongWork } from '../links/long-work.ts'
import { hasCode, TinygridError } from '../links/errors.ts'
import { POSITION_NONE, toEpochMs, type EpochMs } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { mismatchOf } from '../persistence/data-directory/log-inspection.ts'
import { KeyFile } from '../persistence/data-directory/key-file.ts'
import { TextFile } from '../persistence/data-directory/text-file.ts'
import { loadOrCreateApiKey } from '../persistence/data-directory/api-key-file.ts'
import { DataDirectory, DataDirectoryError } from '../persistence/data-directory/data-directory.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import { LmdbLinkStore } from '../persistence/store/lmdb-link-store.ts'
import { LmdbLog } from '../persistence/log/lmdb-log.ts'
import type { Log } from '../persistence/log/log.ts'
import { FileValues } from '../clicks/hooks/file-values.ts'
import type { BackupSeams } from './node-backup.ts'
import type { ClickSeams } from './click-recording.ts'
import type { AccessSeams } from './front.ts'
import { clickDirectories } from './click-settings.ts'

const DAY_MS = 86_400_000
export const HOSTS_FILE_NAME = 'blocked-hosts.json'
const SESSIONS_FILE_NAME = 'session-secret'
export const AUDIT_DIRECTORY = 'audit'

export interface Embedded {
  readonly log: Log
  readonly store: LinkStore
  /** undefined: clicks are not counted. */
  readonly clicks: ClickSeams | undefined
  readonly apiKey: string
  readonly keys: KeyStore
  readonly backup: BackupSeams
  readonly access: AccessSeams
  /** The key was made just now. */
  readonly isNewKey: boolean
  /** Resolves when another process has taken the directory: nothing is written any more. */
  readonly lost: Promise<DataDirectoryError>
  /** A failure of the start with file and remedy. */
  explain(error: unknown): unknown
  close(): Promise<void>
}

/**
 * @param tell for people: what is out of order and gone on without
 * @throws DataDirectoryError if the directory is locked, damaged, foreign or newer
 */
export async function openEmbedded(
  config: Config,
  work: LongWork,
  tell: (what: string) => void,
): Promise<Embedded> {
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const part of opened.splice(0).toReversed()) await part.close()
  }
  const { promise: lost, resolve } = Promise.withResolvers<DataDirectoryError>()
  const options = { ...config, work, onLost: () => resolve(takenFrom(config)) }
  try {
    const directory = await DataDirectory.open(config.dataDir, config)
    opened.push(directory)
    const key = await keyOf(config)
    const keys = await KeyFile.open(config.dataDir)
    const hosts = await TextFile.open(config.dataDir, HOSTS_FILE_NAME)
    opened.push(keys, hosts)
    const sessions = await openSessions(config)
    if (sessions !== undefined) opened.push(sessions)
    const audit = config.audit ? await openAudit(config) : undefined
    if (audit !== undefined) opened.push(audit.log)
    const store = await LmdbLinkStore.open(path.join(config.dataDir, 'store'), options)
    opened.push(store)
    const log = await LmdbLog.open(path.join(config.dataDir, 'log'), options)
    opened.push(log)
    await assertTogether(config, log, store)
    const clickLog = config.clicks ? await openClickLog(config, tell) : undefined
    if (clickLog !== undefined) opened.push(clickLog)
    const clicks = clickLog && {
      writer: clickLog,
      reader: clickLog.reader(),
      salts: clickLog.salts,
    }
    return {
      ...key,
      keys,
      access: { hosts, sessions, audit: audit?.seam },
      log,
      store,
      clicks,
      backup: { identity: directory.identity, hooks: () => hooksIn(config) },
      lost,
      close,
      explain: (error) => explain(config, error),
    }
  } catch (error) {
    await close()
    throw explain(config, error)
  }
}

/** The secret of sessions; undefined: nobody signs in. */
async function openSessions({ dataDir, oidcIssuer }: Config): Promise<TextFile | undefined> {
  return oidcIssuer === undefined ? undefined : TextFile.open(dataDir, SESSIONS_FILE_NAME)
}

/** The analytics process writes the file, whole at each change. */
async function hooksIn({ dataDir }: Config): Promise<ReadonlyMap<string, string>> {
  return (await FileValues.open(clickDirectories(dataDir).hooks)).list('')
}

/** Before anything is written: a start that is refused leaves the directory as it was. */
async function assertTogether(
  { partitions }: Config,
  log: LmdbLog,
  store: LmdbLinkStore,
): Promise<void> {
  const checkpoints = await store.checkpoints()
  for (const partition of new Ring(partitions).all()) {
    const mismatch = mismatchOf(log.spanOf(partition), checkpoints.get(partition) ?? POSITION_NONE)
    if (mismatch === undefined) continue
    const detail = `in partition ${partition} ${mismatch.why}`
    throw new TinygridError('log_gap', { detail })
  }
}

/** One that is damaged is moved aside: links and redirects do not depend on it. */
async function openClickLog(
  { dataDir, clicksLogBytesMax, clicksLogDays }: Config,
  tell: (what: string) => void,
): Promise<LmdbClickLog> {
  const { log: directory } = clickDirectories(dataDir)
  const file = path.join(directory, 'data.mdb')
  const damage = existsSync(file) ? findDamage(file) : undefined
  if (damage !== undefined) {
    const aside = `${directory}-damaged-${Date.now()}`
    await rename(directory, aside)
    tell(
      `the click log ${file} is damaged: it ${damage}. It was moved to ${aside}; a new one begins`,
    )
  }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return LmdbClickLog.open(directory, {
    bytesMax: clicksLogBytesMax,
    ageMaxMs: clicksLogDays * DAY_MS,
    clock: systemClock,
    now,
  })
}

/** In an environment of its own, as clicks are kept: it is read by positions, and old ones go. */
async function openAudit({ dataDir, auditBytesMax: bytesMax, auditDays }: Config) {
  const directory = path.join(dataDir, AUDIT_DIRECTORY)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const limits = { bytesMax, ageMaxMs: auditDays * DAY_MS }
  const log = await LmdbClickLog.open(directory, { ...limits, clock: systemClock, now })
  return { log, seam: { writer: log, reader: log.reader() } }
}

/** For the person who starts the process: where it is, and what there is to do. */
function explain({ dataDir }: Config, error: unknown): unknown {
  if (!(error instanceof TinygridError)) return error
  const root = path.resolve(dataDir)
  const remedy = hasCode(error, 'log_full')
    ? 'make room on the disk or raise TINYGRID_LOG_MAX'
    : 'restore it as a whole from one backup, or let --verify and --repair say what can be done'
  const message = `The data directory ${root} cannot be opened: ${error.message}; ${remedy}.`
  return new DataDirectoryError(message, { cause: error })
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

function now(): EpochMs {
  return toEpochMs(Date.now())
}

/**
 * A backup restored into a data directory: log, store, keys, blocked hosts, audited changes,
 * webhooks and reports of one process.
 *
 * All is made in a directory within it, and moved to its place at the end, `format.json` last: without that no
 * process takes the directory for one. The log begins behind the positions that the versions have. The
 * directory gets an identity of its own, since that of the backup may still be in use elsewhere.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { FileValues } from '../../clicks/hooks/file-values.ts'
import type { AccessKey } from '../../cluster/keys/access-key.ts'
import type { LogPosition } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import type { LongWork } from '../../links/long-work.ts'
import { Ring } from '../../links/ring.ts'
import {
  DataDirectory,
  DataDirectoryError,
  isPassing,
  REMOVED_PREFIX,
} from '../../persistence/data-directory/data-directory.ts'
import { DirectoryLock } from '../../persistence/data-directory/directory-lock.ts'
import { syncDirectory } from '../../persistence/data-directory/durable-file.ts'
import { KeyFile } from '../../persistence/data-directory/key-file.ts'
import { TextFile } from '../../persistence/data-directory/text-file.ts'
import { beginLmdbLog } from '../../persistence/log/lmdb-log-beginning.ts'
import { LmdbLinkStore } from '../../persistence/store/lmdb-link-store.ts'
import { clickDirectories } from '../click-settings.ts'
import { AUDIT_DIRECTORY, HOSTS_FILE_NAME } from '../embedded-adapters.ts'
import { ClicksFile } from './clicks-file.ts'
import type { ClicksTarget } from './clicks-target.ts'
import { KeptChanges } from './kept-changes.ts'
import type { FoundBackup } from './restore-run.ts'
import type { RestoreTarget } from './restore-target.ts'

export interface DirectoryTargetOptions {
  readonly dataDir: string
  readonly backup: FoundBackup
  readonly work: LongWork
  /** Where clicks go; undefined: into the directory. Closed with the target. */
  readonly clicks?: ClicksTarget | undefined
  /** What is there is moved into a directory within it. */
  readonly movesAside: boolean
  readonly now: () => Date
}

/** Within the data directory. */
const UNFINISHED = 'restoring'
const FORMAT_FILE = 'format.json'

export class DirectoryTarget implements RestoreTarget {
  readonly #root: string
  readonly #lock: DirectoryLock
  readonly #directory: DataDirectory
  readonly #store: LmdbLinkStore
  readonly #ring: Ring
  readonly #lastPosition: LogPosition
  #clicks: ClicksTarget | undefined
  #changes: KeptChanges | undefined
  #closing: Promise<void> | undefined

  private constructor(
    root: string,
    lock: DirectoryLock,
    directory: DataDirectory,
    store: LmdbLinkStore,
    { backup: { header, lastPosition }, clicks }: DirectoryTargetOptions,
  ) {
    this.#clicks = clicks
    this.#root = root
    this.#lock = lock
    this.#directory = directory
    this.#store = store
    this.#ring = new Ring(header.partitions)
    this.#lastPosition = lastPosition
  }

  /** @throws DataDirectoryError if there is something in it already, or it is in use */
  static async open(options: DirectoryTargetOptions): Promise<DirectoryTarget> {
    const { backup, work } = options
    const { partitions, codeCase } = backup.header
    const root = path.resolve(options.dataDir)
    await mkdir(root, { recursive: true, mode: 0o700 })
    const lock = await DirectoryLock.acquire(root)
    if (lock === undefined) {
      throw new DataDirectoryError(`The data directory ${root} is in use by another process.`)
    }
    try {
      await makeRoom(root, options)
      const place = path.join(root, UNFINISHED)
      const directory = await DataDirectory.open(place, { partitions, codeCase })
      const store = await LmdbLinkStore.open(path.join(place, 'store'), { partitions, work })
      return new DirectoryTarget(root, lock, directory, store, options)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  async write(versions: readonly LinkVersion[]): Promise<void> {
    await this.#store.write(versions)
  }

  async addKeys(keys: readonly AccessKey[]): Promise<void> {
    const file = await KeyFile.open(this.#place)
    for (const key of keys) await file.add(key)
    await file.close()
  }

  async addHooks(values: ReadonlyMap<string, string>): Promise<void> {
    if (values.size === 0) return
    const file = await FileValues.open(clickDirectories(this.#place).hooks)
    for (const [name, value] of values) await file.put(name, value)
  }

  async addHosts(list: string): Promise<void> {
    const file = await TextFile.open(this.#place, HOSTS_FILE_NAME)
    await file.change(() => list)
    await file.close()
  }

  async addChanges(entries: readonly string[]): Promise<void> {
    this.#changes ??= await KeptChanges.inDirectory(path.join(this.#place, AUDIT_DIRECTORY))
    await this.#changes.add(entries)
  }

  async addClicks(bytes: Buffer): Promise<void> {
    this.#clicks ??= await ClicksFile.open(this.#place)
    await this.#clicks.add(bytes)
  }

  async finish(): Promise<void> {
    await this.#clicks?.finish()
    await this.#changes?.close()
    const partitions = this.#ring.all()
    await this.#store.saveCheckpoints(new Map(partitions.map((id) => [id, this.#lastPosition])))
    await this.#store.close()
    await beginLmdbLog(path.join(this.#place, 'log'), partitions, this.#lastPosition)
    await this.#directory.close()
    const names = (await readdir(this.#place)).filter((name) => name !== FORMAT_FILE)
    for (const name of [...names, FORMAT_FILE]) {
      await syncDirectory(this.#root)
      await rename(path.join(this.#place, name), path.join(this.#root, name))
    }
    await syncDirectory(this.#root)
    await rm(this.#place, { recursive: true })
    await this.close()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#clicks?.close()
    await this.#changes?.close()
    await this.#store.close().catch(() => {})
    await this.#directory.close().catch(() => {})
    await this.#lock.release()
  }

  get #place(): string {
    return path.join(this.#root, UNFINISHED)
  }
}

/** What an earlier restore left unfinished is nobody's. @throws DataDirectoryError */
async function makeRoom(
  root: string,
  { movesAside, now }: Pick<DirectoryTargetOptions, 'movesAside' | 'now'>,
): Promise<void> {
  await rm(path.join(root, UNFINISHED), { recursive: true, force: true })
  const there = (await readdir(root)).filter((name) => !isPassing(name))
  if (there.length === 0) return
  if (!movesAside) {
    throw new DataDirectoryError(
      `The data directory ${root} holds data already (${there[0]}), and is left as it is; set another ` +
        'TINYGRID_DATA_DIR, or give --move-aside to keep what is there in a directory within it.',
    )
  }
  const aside = path.join(root, `${REMOVED_PREFIX}${now().toISOString().replaceAll(':', '-')}`)
  await mkdir(aside, { mode: 0o700 })
  // In this order: without it, what is left is no data directory.
  for (const name of there.toSorted((a) => (a === FORMAT_FILE ? -1 : 1))) {
    await rename(path.join(root, name), path.join(aside, name))
  }
  await syncDirectory(root)
}

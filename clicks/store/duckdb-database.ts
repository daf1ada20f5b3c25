/**
 * The file of a click store, opened by DuckDB with what it may use.
 *
 * DuckDB never asks another host for anything: extensions are neither loaded nor installed by themselves,
 * and files are read and written in the store's directory alone. Its own threads are few: questions run on
 * threads of Node's pool, at most QUESTIONS_AT_ONCE_MAX of them.
 */
import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { StartError } from '../../links/errors.ts'
import { damageOf, isDamage, messageOf } from './duckdb-failure.ts'
import { migrate } from './duckdb-schema.ts'

export interface DuckDbSettings {
  /** Made if it is missing; of the click store alone. */
  readonly directory: string
  /** What DuckDB may take of the memory. What needs more goes to the disk. */
  readonly memoryBytesMax: number
  /** Threads that work on one statement. */
  readonly threads: number
  /** Of the write-ahead log, before it is brought into the file. */
  readonly checkpointBytes?: number
}

export const CLICK_STORE_FILE = 'clicks.duckdb'
const SPILL_DIRECTORY = 'spill'
const EXPORT_DIRECTORY = 'exports'
const SPILL_BYTES_MAX = 8 * 2 ** 30
const CHECKPOINT_BYTES = 64 * 2 ** 20

export class DuckDbDatabase {
  readonly file: string
  readonly #directory: string
  readonly #instance: DuckDBInstance

  private constructor(instance: DuckDBInstance, directory: string) {
    this.#instance = instance
    this.#directory = directory
    this.file = path.join(directory, CLICK_STORE_FILE)
  }

  /**
   * @throws ClickStoreDamageError the file is not as it was written
   * @throws StartError it is newer, in use, or cannot be reached
   */
  static async open(settings: DuckDbSettings): Promise<DuckDbDatabase> {
    const directory = path.resolve(settings.directory)
    const file = path.join(directory, CLICK_STORE_FILE)
    let instance: DuckDBInstance | undefined
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      for (const name of [SPILL_DIRECTORY, EXPORT_DIRECTORY]) {
        // What a process left that was killed.
        await rm(path.join(directory, name), { recursive: true, force: true })
        await mkdir(path.join(directory, name))
      }
      instance = await DuckDBInstance.create(file, configOf(directory, settings))
      const connection = await instance.connect()
      await migrate(connection, file)
      connection.closeSync()
      return new DuckDbDatabase(instance, directory)
    } catch (error) {
      instance?.closeSync()
      throw refusalOf(file, error)
    }
  }

  refusalOf(error: unknown): Error {
    return refusalOf(this.file, error)
  }

  async connect(): Promise<DuckDBConnection> {
    return this.#instance.connect()
  }

  /** For files that are made to be given away, and removed. */
  get exportDirectory(): string {
    return path.join(this.#directory, EXPORT_DIRECTORY)
  }

  async bytes(): Promise<number> {
    const sizes = [this.file, `${this.file}.wal`].map((file) =>
      stat(file).then(
        (found) => found.size,
        () => 0,
      ),
    )
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }

  /** Brings the write-ahead log into the file, and lets others open it. All connections must be closed. */
  close(): void {
    this.#instance.closeSync()
  }
}

function configOf(directory: string, settings: DuckDbSettings) {
  const { memoryBytesMax, threads, checkpointBytes = CHECKPOINT_BYTES } = settings
  return {
    threads: String(threads),
    memory_limit: `${memoryBytesMax}B`,
    temp_directory: path.join(directory, SPILL_DIRECTORY),
    max_temp_directory_size: `${SPILL_BYTES_MAX}B`,
    checkpoint_threshold: `${checkpointBytes}B`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  }
}

function refusalOf(file: string, error: unknown): Error {
  if (error instanceof StartError) return error
  if (isDamage(error)) return damageOf(file, error)
  const reason = messageOf(error).split('\n', 1)[0]!
  if (/version number/.test(reason)) {
    return new StartError(
      `click store ${file} is of a newer DuckDB: ${reason}; start a newer version`,
    )
  }
  return new StartError(`click store ${file} cannot be opened: ${reason}`, { cause: error })
}

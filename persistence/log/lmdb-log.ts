/**
 * The log in LMDB, for a cluster of one process.
 *
 * Keeps the contract of `log.ts` through SIGKILL and power cuts: an append resolves once its
 * transaction is synced. Positions are dense from 1.
 *
 * Group commit: appends of one turn of the event loop, of whatever partitions, are packed into
 * chunks (`log-chunk.ts`) under rising numbers and committed together; the next group gathers while
 * the disk syncs this one. Where each partition's entries are is known from memory (`log-index.ts`).
 * Trimming marks entries in memory, and a chunk without entries is removed along with the next
 * group; a partition's last entry is never trimmed, so it carries the last position over a restart.
 *
 * Rejected, measured with 100 appends of 160 bytes in flight, trimmed behind: a key for each
 * partition and position (a third of the speed and 20 times the bytes written, since each commit
 * touches as many pages as partitions); a key for each entry in one sequence (half of the speed).
 */
import { TinygridError } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import { placeAppends, takeGroup, type Append, type PlacedAppend } from './append-group.ts'
import { DataDirectoryError } from '../data-directory/data-directory.ts'
import { LmdbLetters } from './lmdb-letters.ts'
import {
  isNotHeld,
  isOutOfSpace,
  isPanicked,
  LmdbEnvironment,
  type Keyspace,
} from '../data-directory/lmdb-environment.ts'
import {
  CHUNK_BYTES_MAX,
  CHUNKS,
  chunkKey,
  chunkOfKey,
  chunksOf,
  decodeChunk,
  encodeChunk,
  type ChunkEntry,
} from './log-chunk.ts'
import { LogIndex } from './log-index.ts'
import {
  EPOCH_RESERVE_BYTES,
  type AppendKind,
  type DeadLetter,
  type Log,
  type LogEntry,
} from './log.ts'

export interface LmdbLogOptions {
  /** Payload bytes it may hold; an append above is refused with log_full. */
  readonly logBytesMax: number
  readonly work: LongWork
  /** Another process has taken the directory: nothing is appended any more. */
  readonly onLost?: () => void
}

/** Empty chunks removed in one transaction, so that a large trim holds up no append. */
const REMOVALS_PER_GROUP_MAX = 1000
/** Chunks whose entries are read before the first of them is handed on. */
const CHUNKS_READ_MAX = 64
/** Chunks read in one step, of a page each but for large entries. */
const CHUNKS_INDEXED_MAX = 16

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Change extends Waiting {
  readonly write: () => void
}

export class LmdbLog implements Log {
  readonly #environment: LmdbEnvironment
  readonly #chunks: Keyspace
  readonly #letters: LmdbLetters
  readonly #bytesMax: number
  readonly #work: LongWork
  readonly #index = new LogIndex()
  /** Number of the newest chunk. */
  #chunk = 0
  /** Not yet in a group. At most one of each partition, as actors use it. */
  #appends: Append[] = []
  #changes: Change[] = []
  /** Set while groups are being written. */
  #writing: Promise<void> | undefined
  #isClosed = false

  private constructor(environment: LmdbEnvironment, options: LmdbLogOptions) {
    this.#environment = environment
    this.#chunks = environment.keyspace(CHUNKS)
    this.#letters = new LmdbLetters(environment.keyspace('letters'))
    this.#bytesMax = options.logBytesMax
    this.#work = options.work
  }

  /**
   * Opens the log in a directory of its own, which is made if need be, and finds its entries.
   *
   * @throws DataDirectoryError if what is in it cannot be a log
   */
  static async open(directory: string, options: LmdbLogOptions): Promise<LmdbLog> {
    const environment = new LmdbEnvironment(directory)
    const log = new LmdbLog(environment, options)
    try {
      await environment.hold(options.onLost)
      await log.#work.run(log.#readIndex(), 'upkeep')
      return log
    } catch (cause) {
      await log.close()
      if (isOutOfSpace(cause)) throw new DataDirectoryError(`The disk of ${directory} is full.`)
      const message = `The log in ${directory} is damaged; restore the data directory from a backup, or let --verify say what is wrong.`
      throw new DataDirectoryError(message, { cause })
    }
  }

  append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind: AppendKind = 'write',
  ): Promise<LogPosition> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed)
        throw new TinygridError('log_unavailable', { detail: 'The log is closed' })
      this.#appends.push({ partition, payload, expectedLast, kind, resolve, reject })
      this.#wake()
    })
  }

  async last(partition: PartitionId): Promise<LogPosition> {
    return this.#index.lastOf(partition)
  }

  /** The entries of a partition that are held: those above `floor`, up to `last`. */
  spanOf(partition: PartitionId): { floor: LogPosition; last: LogPosition } {
    return { floor: this.#index.floorOf(partition), last: this.#index.lastOf(partition) }
  }

  async *readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    const chunks = this.#index.chunksAfter(partition, after)
    for (let from = 0; from < chunks.length; from += CHUNKS_READ_MAX) {
      const some = chunks.slice(from, from + CHUNKS_READ_MAX)
      yield* await this.#work.run(this.#entriesOf(some, partition, after), 'upkeep')
    }
  }

  async trim(partition: PartitionId, upTo: LogPosition): Promise<void> {
    this.#index.trim(partition, upTo)
    if (this.#index.empty.size > 0) await this.#change(() => {})
  }

  addDeadLetter(letter: DeadLetter): Promise<void> {
    return this.#change(() => this.#letters.keep(letter))
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    yield* this.#letters.all()
  }

  removeDeadLetter(key: string, upTo: LogPosition): Promise<void> {
    return this.#change(() => this.#letters.remove(key, upTo))
  }

  bytes(): number {
    return this.#index.bytes
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
    await this.#environment.close()
  }

  *#entriesOf(
    chunks: readonly number[],
    partition: PartitionId,
    after: LogPosition,
  ): Steps<LogEntry[]> {
    const entries: LogEntry[] = []
    for (const chunk of chunks) {
      const bytes = this.#chunks.getBinary(chunkKey(chunk)) ?? Buffer.alloc(0) // trimmed since
      for (const entry of decodeChunk(bytes)) {
        const { position, payload } = entry
        if (entry.partition !== partition || position <= after) continue
        entries.push({ position, previous: (position - 1) as LogPosition, payload })
      }
      yield
    }
    return entries
  }

  *#readIndex(): Steps<void> {
    for (let start = chunkKey(0), found = 1; found > 0; start = chunkKey(this.#chunk + 1)) {
      found = 0
      for (const { key, value } of this.#chunks.getRange({ start, limit: CHUNKS_INDEXED_MAX })) {
        found++
        this.#chunk = chunkOfKey(key)
        for (const { partition, position, payload } of decodeChunk(value)) {
          this.#index.add(partition, position, this.#chunk, payload.length)
        }
      }
      yield
    }
  }

  #change(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed)
        throw new TinygridError('log_unavailable', { detail: 'The log is closed' })
      this.#changes.push({ write, resolve, reject })
      this.#wake()
    })
  }

  #wake(): void {
    this.#writing ??= this.#writeGroups()
  }

  async #writeGroups(): Promise<void> {
    while (true) {
      await nextTurn()
      if (this.#appends.length === 0 && this.#changes.length === 0) break
      await this.#writeGroup()
    }
    this.#writing = undefined
  }

  async #writeGroup(): Promise<void> {
    const group = this.#placeGroup()
    const changes = this.#changes
    this.#changes = []
    const removals = [...this.#index.empty.values().take(REMOVALS_PER_GROUP_MAX)]
    const waiting: Waiting[] = [...changes]
    for (const { append, position } of group) {
      waiting.push({ resolve: () => append.resolve(position), reject: append.reject })
    }
    if (waiting.length === 0) return
    const chunks = chunksOf(group)
    const values = chunks.map(encodeChunk)
    const need = { bytes: bytesOf(group), makesRoom: group.length === 0 }
    try {
      await this.#environment.commit(need, () => {
        values.forEach((value, index) => {
          void this.#chunks.put(chunkKey(this.#chunk + 1 + index), value)
        })
        for (const chunk of removals) void this.#chunks.remove(chunkKey(chunk))
        for (const change of changes) change.write()
      })
    } catch (error) {
      const failure = failureOf(error)
      for (const { reject } of waiting) reject(failure)
      return
    }
    this.#noteCommitted(chunks, removals)
    for (const { resolve } of waiting) resolve()
  }

  /** Places the next appends; none on a full disk, where a group may still make room. */
  #placeGroup(): PlacedAppend[] {
    const appends = takeGroup(this.#appends)
    if (appends.length === 0) return []
    const hasRoom = this.#environment.hasRoom({ bytes: bytesOf(appends) })
    return placeAppends(appends, this.#index, hasRoom ? this.#bytesMax : -EPOCH_RESERVE_BYTES)
  }

  #noteCommitted(chunks: readonly ChunkEntry[][], removals: readonly number[]): void {
    for (const chunk of removals) this.#index.forget(chunk)
    for (const entries of chunks) {
      this.#chunk++
      for (const { partition, position, payload } of entries) {
        this.#index.add(partition, position, this.#chunk, payload.length)
      }
    }
  }
}

/** Of the pages that the payloads need, by the rule that chunks are at least half full. */
function bytesOf(appends: readonly { readonly payload: Uint8Array }[]): number {
  return appends.reduce((sum, { payload }) => sum + 2 * payload.length, 2 * CHUNK_BYTES_MAX)
}

/**
 * What a failed commit means for an append. Out of space: nothing was written. Panicked: LMDB took
 * no work. Not held: another process has the directory. Anything else may have happened before or after the one write that makes it count.
 */
function failureOf(cause: unknown): TinygridError {
  if (isOutOfSpace(cause)) return new TinygridError('log_full', { cause })
  const isRefused = isPanicked(cause) || isNotHeld(cause)
  return new TinygridError(isRefused ? 'log_unavailable' : 'log_uncertain', { cause })
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/**
 * An LMDB environment as this program uses it: how it is opened, written, and how its errors read.
 *
 * Used by the log and the link store, each with one of its own. A commit is all or nothing, on disk
 * when it resolves, and rejects with what the system said. Commits must follow one another. One that
 * is not this process's any more (`lmdb-holder.ts`) does nothing. Beside its keyspaces each has facts
 * about itself: whose it is, and to which data directory it belongs.
 *
 * The driver's ways (lmdb 3.5) that shape this file:
 * - With `overlappingSync`, its default, a commit resolves before the disk has it, and when the sync
 *   then fails, its promise of the sync never settles. Off; measured with 100 appends in flight,
 *   group by group, it is as fast without.
 * - With `eventTurnBatching`, its default, a failed commit also rejects a promise that nobody can
 *   get at. Off; whoever commits gathers first.
 * - When the disk refuses a page, it writes its message past the end of a buffer, and the process
 *   may die of that. So a commit that might not find room is not begun (`disk-room.ts`).
 */
import assert from 'node:assert/strict'
import { open, type Database, type RootDatabase } from 'lmdb'
import { diskRoom } from './disk-room.ts'
import { LmdbHolder, NotHeldError } from './lmdb-holder.ts'

export type Keyspace = Database<Buffer, Buffer>

/** What a commit may need of the disk. */
export interface Need {
  /** What is put. */
  readonly bytes: number
  /** Keys anywhere in the trees, each of which may have a page rewritten. */
  readonly touches?: number
  /** The commit makes room: it may use what others have to leave. */
  readonly makesRoom?: boolean
}

const KEYSPACES_MAX = 8
/**
 * Read transactions open at once. Few, so that the lock file is one page, written when it is opened:
 * touching a page of it for the first time on a full disk would end the process.
 */
const READERS_MAX = 16
/** Fixed when the file is made, so that it can move to a machine with other pages. */
const PAGE_BYTES = 4096
/** What a commit writes besides what is put: paths in the trees, the list of free pages. */
const OVERHEAD_BYTES = 256 * 1024

/** Of data directory; a fact. */
const IDENTITY = Buffer.from('identity')
const IDENTITY_VERSION = 1

const ENOSPC = 28
const EDQUOT = 122
const MDB_MAP_FULL = -30792
const MDB_PANIC = -30795

/**
 * Keys and values are bytes, copied into Node's pool: by itself the driver makes an ArrayBuffer for
 * each that a range read meets, which costs a load of many small ones more than half of its time.
 * `readKey` takes the place of the driver's own; given as its option `keyEncoder`, it would let
 * ranges without a start begin behind all keys with a low first byte.
 */
const BYTES = {
  encoding: 'binary',
  keyEncoding: 'binary',
  encoder: {
    encode: (value: Buffer) => value,
    decode: (bytes: Buffer, end: number) => copyOf(bytes, 0, end),
  },
} as const

function copyOf(bytes: Uint8Array, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}

interface TreeStats {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

interface EnvironmentStats extends TreeStats {
  readonly lastPageNumber: number
  readonly root: TreeStats
  readonly free: TreeStats
}

export class LmdbEnvironment {
  readonly #directory: string
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #keyspaces: Keyspace[] = []
  readonly #facts: Database<Buffer, Buffer>
  #holder: LmdbHolder | undefined

  /**
   * Opens what is in the directory, which is made if need be; to write, `hold` it.
   *
   * @param isReadOnly it must be there, with its keyspaces; another process may write it meanwhile
   */
  constructor(directory: string, isReadOnly = false) {
    this.#directory = directory
    this.#root = open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      readOnly: isReadOnly,
      overlappingSync: false,
      eventTurnBatching: false,
      pageSize: PAGE_BYTES,
      maxDbs: KEYSPACES_MAX,
      maxReaders: READERS_MAX,
      encoding: 'binary',
      keyEncoding: 'binary',
    })
    const facts = { encoding: 'binary', keyEncoding: 'binary', useVersions: true } as const
    this.#facts = this.#root.openDB<Buffer, Buffer>('facts', facts)
  }

  /** Takes it from whoever had it. @param onLost another process has taken it; told once */
  async hold(onLost: () => void = () => {}): Promise<void> {
    this.#holder?.close()
    const holder = new LmdbHolder(this.#facts, this.#directory, onLost)
    this.#holder = holder
    await this.#commit({ bytes: 0, makesRoom: true }, () => holder.take())
    // Not before: a slow disk would make a holder of none.
    holder.watch()
  }

  /** Of the data directory that it belongs to; undefined: it was made before there was one. */
  get identity(): string | undefined {
    return this.#facts.getBinary(IDENTITY)?.toString()
  }

  async setIdentity(identity: string): Promise<void> {
    await this.commit({ bytes: 0, makesRoom: true }, () => {
      void this.#facts.put(IDENTITY, Buffer.from(identity), IDENTITY_VERSION)
    })
  }

  keyspace(name: string): Keyspace {
    const keyspace = this.#root.openDB<Buffer, Buffer>(name, BYTES)
    Object.assign(keyspace, { readKey: copyOf })
    this.#keyspaces.push(keyspace)
    return keyspace
  }

  /** Whether a commit would find room. */
  hasRoom({ bytes, touches = 0, makesRoom = false }: Need): boolean {
    const room = diskRoom(this.#directory)
    const onDisk = makesRoom ? room.free : room.free - room.reserve
    const rewritten = touches * PAGE_BYTES
    if (onDisk >= OVERHEAD_BYTES + bytes + rewritten) return true
    const { used, unused } = this.#fileBytes()
    return onDisk + unused >= OVERHEAD_BYTES + bytes + Math.min(rewritten, used)
  }

  /** Commits what `changes`, which must not throw, puts and removes. */
  async commit(need: Need, changes: () => void): Promise<void> {
    assert(this.#holder !== undefined, 'it is not held')
    const holder = this.#holder
    holder.assertHeld()
    let guarded: Promise<void> | undefined
    await this.#commit(need, () => {
      guarded = holder.guard(changes)
      guarded.catch(() => {}) // of a commit that fails, the reason comes from there
    })
    await guarded
  }

  async #commit(need: Need, changes: () => void): Promise<void> {
    if (!this.hasRoom(need)) throw Object.assign(new Error('The disk is full'), { code: ENOSPC })
    try {
      await this.#root.batch(changes)
    } catch (error) {
      throw await reasonOf(error)
    }
  }

  /** Reads from here on see every commit so far, of this process or another. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  /** Gives up what readers held that were killed: until then no page they could see is used again. */
  forgetDeadReaders(): void {
    this.#root.readerCheck()
  }

  async close(): Promise<void> {
    this.#holder?.close()
    await this.#root.close()
  }

  /** Bytes of the file that are in use, and that LMDB can use again. */
  #fileBytes(): { used: number; unused: number } {
    const { lastPageNumber, root, free } = this.#root.getStats() as EnvironmentStats
    const keyspaces = [this.#facts, ...this.#keyspaces]
    const own = keyspaces.map((keyspace) => keyspace.getStats() as TreeStats)
    const used = [root, free, ...own].reduce((sum, tree) => sum + pagesOf(tree), 0)
    const unused = Math.max(0, lastPageNumber - used)
    return { used: used * PAGE_BYTES, unused: unused * PAGE_BYTES }
  }
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages
}

/** The driver says why a commit failed in a second promise, which must not go unhandled. */
async function reasonOf(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: Promise<unknown> }).commitError
  if (reason === undefined) return error
  return reason.then(
    () => error,
    (cause: unknown) => cause,
  )
}

/** Whether there is no room, on the disk or in the map. */
export function isOutOfSpace(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === ENOSPC || code === EDQUOT || code === MDB_MAP_FULL
}

/** Whether LMDB refuses all work since an earlier failure, which this call did not add to. */
export function isPanicked(error: unknown): boolean {
  return (error as { code?: unknown }).code === MDB_PANIC
}

/** Whether nothing was done because the environment is another process's by now. */
export function isNotHeld(error: unknown): boolean {
  return error instanceof NotHeldError
}

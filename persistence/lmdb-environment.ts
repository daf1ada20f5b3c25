/**
 * How this program uses LMDB: how an environment is opened, written, and how its errors read.
 *
 * Used by the log and the link store, each with an environment of its own. Guarantees that a commit
 * is on disk when it resolves and that a failed one rejects with what the system said.
 *
 * `overlappingSync`, the driver's default, is turned off: with it a commit resolves before the disk
 * has it, and when the sync then fails, the driver's promise of the sync never settles at all.
 * Measured with 100 appends in flight, group by group, the two are equally fast.
 */
import { open, type Database, type RootDatabase } from 'lmdb'

export type Environment = RootDatabase<Buffer, Uint8Array>
export type Keyspace = Database<Buffer, Uint8Array>

const KEYSPACES_MAX = 8
/**
 * Read transactions open at once. Few, so that the lock file is one page, written when it is opened:
 * touching a page of it for the first time on a full disk would end the process.
 */
const READERS_MAX = 16

const ENOSPC = 28
const EDQUOT = 122
const MDB_MAP_FULL = -30792
const MDB_PANIC = -30795

export function openEnvironment(directory: string): Environment {
  return open<Buffer, Uint8Array>({
    path: directory,
    noSubdir: false,
    overlappingSync: false,
    maxDbs: KEYSPACES_MAX,
    maxReaders: READERS_MAX,
    encoding: 'binary',
    keyEncoding: 'binary',
  })
}

export function openKeyspace(environment: Environment, name: string): Keyspace {
  return environment.openDB<Buffer, Uint8Array>(name, { encoding: 'binary', keyEncoding: 'binary' })
}

/** Commits what `changes` puts and removes, all or nothing; on disk when it resolves. */
export async function commit(environment: Environment, changes: () => void): Promise<void> {
  try {
    await environment.batch(changes)
  } catch (error) {
    throw await reasonOf(error)
  }
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

/**
 * One builder at a time, over all processes of this user: whoever comes second waits, and then
 * finds the work done.
 *
 * The lock is SQLite's on a file, hence the kernel's: it ends with its holder, even one that was
 * killed. Rejected: a file that is there while locked, which a killed holder leaves behind and which
 * two waiters can each take to be stale.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const POLL_INTERVAL_MS = 200
const SQLITE_BUSY = 5

export async function withBuildLock<T>(
  file: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(path.dirname(file), { recursive: true })
  const database = new DatabaseSync(file)
  try {
    for (let attempt = 0; !take(database); attempt++) {
      if (attempt === 0) onWait()
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS))
    }
    return await work()
  } finally {
    database.close()
  }
}

function take(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false
    throw error
  }
}

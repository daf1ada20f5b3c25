/**
 * A click store's file that is damaged: known by its errors, moved aside, and begun anew.
 *
 * Used by the analytics process. The new file is filled from the click log as far as that goes back; what
 * only the old one had stays in it, for whoever can read it. Damage that is met while the file is in
 * use leaves a mark beside it, and the next process moves it aside: the store of this one is still open.
 */
import { existsSync } from 'node:fs'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ClickStoreDamageError } from '../store/duckdb-failure.ts'

const CAUSES_MAX = 5
const MARK = 'damaged'

export function isDamage(error: unknown): boolean {
  let cause = error
  for (let depth = 0; cause instanceof Error && depth < CAUSES_MAX; depth++) {
    if (cause instanceof ClickStoreDamageError) return true
    cause = cause.cause
  }
  return false
}

/** For the next process. */
export async function markDamaged(directory: string, error: unknown): Promise<void> {
  await writeFile(path.join(directory, MARK), String(error))
}

export function isMarkedDamaged(directory: string): boolean {
  return existsSync(path.join(directory, MARK))
}

/** Of the store's file and what lies beside it with the same beginning. Returns where the file is now. */
export async function moveAside(file: string, now: Date): Promise<string> {
  const directory = path.dirname(file)
  const suffix = `.damaged-${now.toISOString().replaceAll(':', '-')}`
  for (const name of await readdir(directory)) {
    if (!name.startsWith(path.basename(file)) || name.includes('.damaged-')) continue
    await rename(path.join(directory, name), path.join(directory, name + suffix))
  }
  await rm(path.join(directory, MARK), { force: true })
  return file + suffix
}

/**
 * Writes a small file so that after a crash it is there whole, or not at all.
 *
 * Used by the data directory for what is beside log and store.
 */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'

/** Names of files not finished end with this. */
export const UNFINISHED_SUFFIX = '.unfinished'

/** undefined: there is no such file. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces the file. Readable by its owner alone; on disk when it resolves. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}${UNFINISHED_SUFFIX}`
  try {
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  await syncDirectory(path.dirname(file))
}

/** Makes names made, changed or removed in the directory last. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

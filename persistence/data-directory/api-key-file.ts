/**
 * The API key of a data directory: made at the first start, kept for the next ones.
 *
 * Used at the start where no key is set. 192 random bits in base64url, in a file that its owner
 * alone can read. The caller holds the directory's lock, so no two make a key at once.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeDurably } from './durable-file.ts'

export interface ApiKeyFile {
  readonly apiKey: string
  /** The key was made just now. */
  readonly isNewKey: boolean
}

export const API_KEY_FILE_NAME = 'api-key'

const KEY_BYTES = 24

/** An empty file counts as none. */
export async function loadOrCreateApiKey(directory: string): Promise<ApiKeyFile> {
  const file = path.join(directory, API_KEY_FILE_NAME)
  const stored = await readIfThere(file)
  if (stored !== '') return { apiKey: stored, isNewKey: false }
  const apiKey = randomBytes(KEY_BYTES).toString('base64url')
  await writeDurably(file, `${apiKey}\n`)
  return { apiKey, isNewKey: true }
}

async function readIfThere(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

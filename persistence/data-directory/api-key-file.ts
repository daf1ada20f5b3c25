/**
 * The API key of a data directory: made at the first start, kept for the next ones.
 *
 * Used at the start where no key is set. 192 random bits in base64url, in a file that its owner
 * alone can read. One that somebody has put there is held to the same rule as the
 * setting. The caller holds the directory's lock, so no two make a key at once.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { StartError } from '../../links/errors.ts'
import { readIfThere, writeDurably } from './durable-file.ts'

export interface ApiKeyFile {
  readonly apiKey: string
  /** The key was made just now. */
  readonly isNewKey: boolean
}

export const API_KEY_FILE_NAME = 'api-key'

const KEY_BYTES = 24

/** A short key can be guessed; one with other characters does not fit a header. */
export const API_KEY_PATTERN = /^[\x21-\x7e]{16,256}$/
export const API_KEY_TAKES = '16 to 256 visible ASCII characters'

/**
 * An empty file counts as none.
 *
 * @throws StartError if what is in it is no key
 */
export async function loadOrCreateApiKey(directory: string): Promise<ApiKeyFile> {
  const file = path.join(directory, API_KEY_FILE_NAME)
  const stored = (await readIfThere(file))?.trim() ?? ''
  if (stored !== '' && !API_KEY_PATTERN.test(stored)) {
    throw new StartError(
      `The API key in ${path.resolve(file)} must be ${API_KEY_TAKES}, but has ${stored.length} ` +
        'characters or others; correct it, or remove the file to have a key made',
    )
  }
  if (stored !== '') return { apiKey: stored, isNewKey: false }
  const apiKey = randomBytes(KEY_BYTES).toString('base64url')
  await writeDurably(file, `${apiKey}\n`)
  return { apiKey, isNewKey: true }
}

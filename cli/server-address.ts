/**
 * Where the commands find the server and the key to it.
 *
 * The key is the one given, else TINYGRID_API_KEY, else what TINYGRID_API_KEY_FILE names, else the
 * one that the server made for itself in its data directory, which works where command and server share a machine and a folder.
 * Where a server has its settings in a file (`tinygrid.toml`), they are read there too.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../node/setting.ts'
import { FILE_VARIABLE, settingsFileName } from '../node/settings-file.ts'
import { CommandError } from './command-error.ts'

/** As the server names it (persistence/data-directory/api-key-file.ts). */
const KEY_FILE = 'api-key'
const DATA_DIR_DEFAULT = './data'
const PORT_DEFAULT = '3000'

type Environment = Readonly<Record<string, string | undefined>>

/** What the process was given, and what the file of settings says besides. @throws CommandError */
export async function commandEnvironment(): Promise<Environment> {
  if (settingsFileName(process.env[FILE_VARIABLE]) === undefined) return process.env
  // All settings there are take a tenth of a second to load.
  const { collectSettings } = await import('../node/program-options.ts')
  try {
    return collectSettings({}, process.env).env
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CommandError(error.message)
  }
}

/** @param given the value of --url */
export function serverUrl(given: string | undefined, env: Environment): URL {
  const named = given ?? (env['TINYGRID_URL'] || undefined)
  const text = named ?? `http://localhost:${env['PORT'] ?? PORT_DEFAULT}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new CommandError(
      `--url (TINYGRID_URL) takes an address such as http://localhost:3000, not ${text}`,
    )
  }
  return url
}

/** @param given the value of --key */
export async function apiKey(
  given: string | undefined,
  env: Environment,
): Promise<string | undefined> {
  const named = given ?? env['TINYGRID_API_KEY']
  if (named !== undefined && named !== '') return named
  const file = env['TINYGRID_API_KEY_FILE']
  if (file !== undefined && file !== '') {
    const key = await readKeyFile(file)
    if (key !== undefined) return key
    throw new CommandError(`TINYGRID_API_KEY_FILE names ${file}, which is not there or empty`)
  }
  return readKeyFile(join(env['TINYGRID_DATA_DIR'] ?? DATA_DIR_DEFAULT, KEY_FILE))
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim() || undefined
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CommandError(`The API key in ${path} cannot be read: ${(error as Error).message}`)
  }
}

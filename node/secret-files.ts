/**
 * Secret settings that lie in files, as containers are given them: `NATS_URL_FILE` names the file whose
 * content is `NATS_URL`.
 *
 * Used by `config.ts` for every setting that is secret. Rejected: a shell in front of the program that
 * puts them into the environment, where whoever may inspect a container reads them.
 */
import { beginningOf } from './file-beginning.ts'
import { ConfigError, type Setting } from './setting.ts'

type Env = Readonly<Record<string, string | undefined>>

export const FILE_SUFFIX = '_FILE'
/** Of a file. More is no secret, but a file named by mistake. */
const BYTES_MAX = 65_536

/**
 * The environment with each such setting in the place of the one that names its file.
 *
 * @throws ConfigError if a file cannot be read, or a setting is given both ways
 */
export function withSecretFiles(settings: readonly Setting<unknown>[], env: Env): Env {
  const result: Record<string, string | undefined> = { ...env }
  for (const { name, isSecret } of settings) {
    const file = env[name + FILE_SUFFIX]
    if (!isSecret || file === undefined) continue
    delete result[name + FILE_SUFFIX]
    if (file === '') continue
    if (env[name])
      throw new ConfigError(`${name} is set, and ${name + FILE_SUFFIX} too: set one of them`)
    result[name] = contentOf(name + FILE_SUFFIX, file)
  }
  return result
}

function contentOf(name: string, file: string): string {
  const where = `${name} is ${JSON.stringify(file)}`
  let bytes: Buffer | undefined
  try {
    bytes = beginningOf(file, BYTES_MAX)?.bytes
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError(`${where}, which cannot be read (${code})`)
  }
  if (bytes === undefined) throw new ConfigError(`${where}, which is no regular file`)
  if (bytes.length > BYTES_MAX) {
    throw new ConfigError(`${where}, which has more than ${BYTES_MAX} bytes`)
  }
  const content = bytes.toString('utf8').trim()
  if (content === '') throw new ConfigError(`${where}, which is empty`)
  return content
}

/**
 * Secret settings that lie in files, as containers are given them: `NATS_URL_FILE` names the file whose
 * content is `NATS_URL`.
 *
 * Used by `config.ts` for every setting that is secret. Rejected: a shell in front of the program that
 * puts them into the environment, where whoever may inspect a container reads them.
 */
import { readFileSync } from 'node:fs'
import { ConfigError, type Setting } from './setting.ts'

type Env = Readonly<Record<string, string | undefined>>

const SUFFIX = '_FILE'

/**
 * The environment with each such setting in the place of the one that names its file.
 *
 * @throws ConfigError if a file cannot be read, or a setting is given both ways
 */
export function withSecretFiles(settings: readonly Setting<unknown>[], env: Env): Env {
  const result: Record<string, string | undefined> = { ...env }
  for (const { name, isSecret } of settings) {
    const file = env[name + SUFFIX]
    if (!isSecret || file === undefined) continue
    delete result[name + SUFFIX]
    if (file === '') continue
    if (env[name])
      throw new ConfigError(`${name} is set, and ${name + SUFFIX} too: set one of them`)
    result[name] = contentOf(name + SUFFIX, file)
  }
  return result
}

function contentOf(name: string, file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError(`${name} is ${JSON.stringify(file)}, which cannot be read (${code})`)
  }
  const content = text.trim()
  if (content === '') throw new ConfigError(`${name} is ${JSON.stringify(file)}, which is empty`)
  return content
}

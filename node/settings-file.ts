/**
 * `tinygrid.toml`: settings in a file, by the keys of `setting-names.ts`.
 *
 * Whatever is wrong stops the start with one line: the file, the line, the key and what it takes. A key that does
 * not exist is a mistake, never passed over. Paths in it are relative to the working directory, as everywhere.
 * Rejected: JSON, which has no comments; YAML, in which `no` is false and a port may be a time.
 */
import { existsSync } from 'node:fs'
import { parse, TomlError } from 'smol-toml'
import { nearestName } from '../links/nearest-name.ts'
import { beginningOf } from './file-beginning.ts'
import type { SettingsLayer } from './given-settings.ts'
import { flagOf, keyOf, variablesOf } from './setting-names.ts'
import { ConfigError, type FileType, type Setting } from './setting.ts'

/** Read if it is there, and none is named. */
const DEFAULT_FILE = 'tinygrid.toml'
/** In the place of a file's name: none is read. */
export const NO_FILE = 'none'
/** Names the file in the environment. */
export const FILE_VARIABLE = 'TINYGRID_CONFIG'
const BYTES_MAX = 256 * 2 ** 10
/** Read by everybody who has an account on the machine. */
const READ_BY_OTHERS = 0o004

export interface SettingsFile {
  readonly layer: SettingsLayer
  readonly warnings: readonly string[]
}

/** The file that is to be read. @param named by a flag, else by the environment */
export function settingsFileName(named: string | undefined): string | undefined {
  if (named === NO_FILE) return undefined
  if (named !== undefined && named !== '') return named
  return existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined
}

/** @throws ConfigError */
export function readSettingsFile(
  file: string,
  settings: readonly Setting<unknown>[],
): SettingsFile {
  const { text, mode } = contentOf(file)
  const variables = variablesOf(settings)
  const byKey = new Map([...variables.keys()].map((variable) => [keyOf(variable), variable]))
  const values: Record<string, string> = {}
  const where = (key: string) => placeOf(file, text, key)
  for (const [key, value] of Object.entries(parseToml(file, text))) {
    const variable = byKey.get(key)
    if (variable === undefined) throw unknownKey(where(key), key, variables, byKey)
    const setting = variables.get(variable)!
    const types = setting.name === variable ? setting.inFile : (['string'] as const)
    values[variable] = textOf(`${where(key)}: ${key}`, value, types, setting)
  }
  const labelOf = (variable: string) => `${where(keyOf(variable))}: ${keyOf(variable)}`
  const secrets = Object.keys(values).filter((variable) => {
    const setting = variables.get(variable)!
    return setting.isSecret && setting.name === variable
  })
  const isOpen = process.platform !== 'win32' && (mode & READ_BY_OTHERS) !== 0
  const warnings = isOpen && secrets.length > 0 ? [warningOf(file, secrets)] : []
  return { layer: { source: 'file', values, labelOf }, warnings }
}

function warningOf(file: string, secrets: readonly string[]): string {
  const keys = secrets.map(keyOf).join(', ')
  return `${file} holds secrets (${keys}), and everybody on this machine can read it: chmod 600 ${file}`
}

function contentOf(file: string): { text: string; mode: number } {
  let beginning: ReturnType<typeof beginningOf>
  try {
    beginning = beginningOf(file, BYTES_MAX)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError(`${file}, the file of settings, cannot be read (${code})`)
  }
  if (beginning === undefined) throw new ConfigError(`${file} is no regular file`)
  const { bytes, mode } = beginning
  if (bytes.length > BYTES_MAX) throw new ConfigError(`${file} has more than ${BYTES_MAX} bytes`)
  return { text: bytes.toString('utf8').replace(/^\uFEFF/, ''), mode }
}

function parseToml(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const why = error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '')
    throw new ConfigError(`${file}:${error.line}: this is no TOML: ${why}`)
  }
}

/** `file:line`; without the line where the key is written in a way that is not looked for. */
function placeOf(file: string, text: string, key: string): string {
  const line = text.split(/\r?\n/).findIndex((written) => {
    const rest = written.trimStart().replace(/^\[{1,2}\s*/, '')
    const quoted = [key, `"${key}"`, `'${key}'`].find((form) => rest.startsWith(form))
    return quoted !== undefined && /^\s*[=.\]]/.test(rest.slice(quoted.length))
  })
  return line === -1 ? file : `${file}:${line + 1}`
}

function unknownKey(
  where: string,
  key: string,
  variables: ReadonlyMap<string, unknown>,
  byKey: ReadonlyMap<string, string>,
): ConfigError {
  const names = [...variables.keys()]
  // Its name in the environment or on the command line is the likeliest mistake.
  const other = names.find((name) => name === key || flagOf(name) === key)
  const meant = other === undefined ? nearestName(key, byKey.keys()) : keyOf(other)
  const question = meant === undefined ? '' : ` (did you mean ${meant}?)`
  return new ConfigError(`${where}: ${key} is not a setting; see --help${question}`)
}

function textOf(
  label: string,
  value: unknown,
  types: readonly FileType[],
  { takes, isSecret }: Setting<unknown>,
): string {
  const type = typeOf(value)
  if (!types.some((allowed) => allowed === type)) {
    const shown = isSecret || typeof value === 'object' ? '' : ` (${JSON.stringify(value)})`
    const wanted = types.map(withArticle).join(' or ')
    throw new ConfigError(
      `${label} is ${withArticle(type)}${shown}, but must be ${wanted}: ${takes}`,
    )
  }
  if (!Array.isArray(value)) return String(value)
  const items = value as string[]
  const odd = items.find((item) => item.includes(',') || item === '')
  if (odd === undefined && items.length > 0) return items.join(',')
  const what = odd === undefined ? 'no item' : `the item ${JSON.stringify(odd)}`
  throw new ConfigError(`${label} has ${what}, but must be ${takes}`)
}

function withArticle(type: string): string {
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === 'string') ? 'array of strings' : 'other array'
  }
  if (value instanceof Date) return 'date'
  if (typeof value === 'object') return 'table'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float'
  return typeof value
}

/**
 * One setting: its name in the environment, what it takes, and how its text becomes a value.
 *
 * Used by `config.ts`, which lists them all. A parser returns the value or undefined; the wording
 * of the error is made here, so that every wrong value is reported in the same one line.
 */

/**
 * A wrong setting. The message is one line: the setting, what it got and what it takes. It begins with the
 * setting's variable, for which `given-settings.ts` puts the flag, or the line of the file, that it came from.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface Setting<T> {
  readonly name: string
  readonly fallback: string | undefined
  /** What it takes, to follow "must be". */
  readonly takes: string
  /** What it is for, for --help. */
  readonly about: string
  readonly isSecret: boolean
  /** How it may be written in a file; its text is then read as in the environment. */
  readonly inFile: readonly FileType[]
  readonly parse: (text: string) => T | undefined
}

/** Types of TOML that settings have. */
export type FileType = 'string' | 'integer' | 'boolean' | 'array of strings'

/** Stands in shipped manifests where a secret must be put: everybody knows it, so it is none. */
const SECRET_PLACEHOLDER = 'REPLACE-ME'

type Options = { readonly about: string; readonly fallback?: string; readonly isSecret?: boolean }

function setting<T>(
  name: string,
  takes: string,
  { about, fallback, isSecret = false }: Options,
  parse: (text: string) => T | undefined,
  inFile: readonly FileType[] = ['string'],
): Setting<T> {
  return { name, takes, about, fallback, isSecret, inFile, parse }
}

/** The value of a setting; undefined if it is not set and has no fallback. */
export function readSetting<T>(
  { name, fallback, takes, isSecret, parse }: Setting<T>,
  env: Readonly<Record<string, string | undefined>>,
): T | undefined {
  const given = env[name]
  const written = given === undefined || given === '' ? fallback : given
  if (written === undefined) return undefined
  if (isSecret && written.includes(SECRET_PLACEHOLDER)) {
    throw new ConfigError(
      `${name} still has ${SECRET_PLACEHOLDER} in it: put a secret of your own there`,
    )
  }
  const value = parse(written)
  if (value !== undefined) return value
  const shown = isSecret ? `a value of ${written.length} characters` : JSON.stringify(written)
  throw new ConfigError(`${name} is ${shown}, but must be ${takes}`)
}

export function text(
  name: string,
  options: Options & { pattern?: RegExp; takes?: string },
): Setting<string> {
  const { pattern = /^.{1,1024}$/u, takes = 'text of 1 to 1,024 characters' } = options
  return setting(name, takes, options, (value) => (pattern.test(value) ? value : undefined))
}

export function integer(
  name: string,
  options: Options & { min: number; max: number; unit?: string },
): Setting<number> {
  const { min, max, unit } = options
  const takes = `a whole number from ${min} to ${max}${unit === undefined ? '' : ` (${unit})`}`
  const parse = (value: string) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    return number >= min && number <= max ? number : undefined
  }
  return setting(name, takes, options, parse, ['integer'])
}

export function flag(name: string, options: Options): Setting<boolean> {
  const words = new Map([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])
  const parse = (value: string) => words.get(value.toLowerCase())
  return setting(name, 'true or false', options, parse, ['boolean'])
}

export function choice<T extends string>(
  name: string,
  options: Options & { of: readonly T[] },
): Setting<T> {
  const parse = (value: string) => options.of.find((word) => word === value)
  const more: FileType[] = options.of.every((word) => /^\d+$/.test(word)) ? ['integer'] : []
  if (options.of.some((word) => word === 'true')) more.push('boolean')
  return setting(name, `one of ${options.of.join(', ')}`, options, parse, ['string', ...more])
}

/** One or more of some words, separated by commas. */
export function severalOf<T extends string>(
  name: string,
  options: Options & { of: readonly T[] },
): Setting<readonly T[]> {
  const takes = `one or more of ${options.of.join(', ')}, separated by commas`
  const parse = (value: string) => {
    const words = value.split(',').map((word) => word.trim())
    const known = options.of.filter((word) => words.includes(word))
    return known.length > 0 && known.length === words.length ? known : undefined
  }
  return setting(name, takes, options, parse, ['array of strings'])
}

/** Items separated by commas, in their order, each once; all of them must be right. */
export function listSetting<T>(
  name: string,
  options: Options & {
    readonly itemsMax: number
    readonly parseItem: (text: string) => T | undefined
    readonly takes: string
  },
): Setting<readonly T[]> {
  const { itemsMax, parseItem, takes } = options
  const parse = (value: string) => {
    const items = value.split(',').map((item) => parseItem(item.trim()))
    const known = items.filter((item) => item !== undefined)
    return known.length === items.length && known.length <= itemsMax
      ? Object.freeze([...new Set(known)])
      : undefined
  }
  return setting(name, takes, options, parse, ['array of strings'])
}

/** Whatever a function makes of the text; undefined: it is wrong. */
export function parsedBy<T>(
  name: string,
  parse: (value: string) => T | undefined,
  options: Options & { readonly takes: string },
): Setting<T> {
  return setting(name, options.takes, options, parse)
}

/** Text that a function knows to be right. */
export function matching(
  name: string,
  isRight: (value: string) => boolean,
  takes: string,
  options: Options,
): Setting<string> {
  return setting(name, takes, options, (value) => (isRight(value) ? value : undefined))
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** A number of bytes: `1048576`, `512MB`, `2g`; units are powers of 1,024. */
export function bytes(name: string, options: Options & { min: string; max: string }) {
  const min = parseBytes(options.min)!
  const max = parseBytes(options.max)!
  const takes = `a number of bytes from ${options.min} to ${options.max}, such as 512MB or 2GB`
  const parse = (value: string) => {
    const number = parseBytes(value)
    return number !== undefined && number >= min && number <= max ? number : undefined
  }
  return setting(name, takes, options, parse, ['string', 'integer'])
}

function parseBytes(value: string): number | undefined {
  const match = /^(\d{1,15})\s*([kmg]?)(?:i?b)?$/i.exec(value)
  return match === null ? undefined : Number(match[1]) * UNITS[match[2]!.toLowerCase()]!
}

/** An http(s) origin with an optional path, without its trailing slash. */
export function baseUrl(name: string, options: Options): Setting<string> {
  const takes = 'an http or https URL without user, query and fragment'
  return setting(name, takes, options, (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      return undefined
    }
    return url.href.replace(/\/+$/, '')
  })
}

/**
 * Settings from everywhere: flags before the environment, the environment before the file.
 *
 * Used by whoever starts a server or a cluster. What comes out is an environment, which `config.ts` reads as
 * ever, and for each variable where it was given. A setting and the file of a secret (`X` and `X_FILE`) are one:
 * a flag for either displaces both. Empty is the same as not given, everywhere.
 */
import { namesOf } from './setting-names.ts'
import { ConfigError, type Setting } from './setting.ts'

export type Env = Readonly<Record<string, string | undefined>>

export interface SettingsLayer {
  readonly source: 'flag' | 'environment' | 'file'
  /** By variable. */
  readonly values: Env
  /** What a person calls it there: `--port`, `PORT`, `tinygrid.toml:3: port`. */
  readonly labelOf: (variable: string) => string
}

export interface GivenSettings {
  /** All variables, of other things too. */
  readonly env: Env
  /** By variable; what has a default or nothing is not there. */
  readonly origins: ReadonlyMap<string, Origin>
  /** The file of settings that was read. */
  readonly file: string | undefined
  /** What is no mistake, but should be mended. */
  readonly warnings: readonly string[]
}

interface Origin {
  readonly source: SettingsLayer['source']
  readonly label: string
}

export function environmentLayer(values: Env): SettingsLayer {
  return { source: 'environment', values, labelOf: (variable) => variable }
}

/** @param layers the first wins */
export function mergeLayers(
  settings: readonly Setting<unknown>[],
  given: Env,
  layers: readonly SettingsLayer[],
): Pick<GivenSettings, 'env' | 'origins'> {
  const env: Record<string, string | undefined> = { ...given }
  const origins = new Map<string, Origin>()
  for (const setting of settings) {
    const variables = namesOf(setting)
    const layer = layers.find(({ values }) => variables.some((variable) => values[variable]))
    for (const variable of variables) {
      const value = layer?.values[variable]
      if (value === undefined || layer === undefined) {
        delete env[variable]
        continue
      }
      env[variable] = value
      origins.set(variable, { source: layer.source, label: layer.labelOf(variable) })
    }
  }
  return { env, origins }
}

/** A variable as a ConfigError begins with it. */
const VARIABLE = /^[A-Z][A-Z0-9_]+(?=[\s:])/

/** The variable that a ConfigError is about. */
export function variableOf(message: string): string | undefined {
  return VARIABLE.exec(message)?.[0]
}

/** The message of a ConfigError, with where its setting was given in the place of the variable. */
export function labelled(message: string, { origins }: Pick<GivenSettings, 'origins'>): string {
  return message.replace(VARIABLE, (variable) => origins.get(variable)?.label ?? variable)
}

/** Does something with settings; what is wrong with one is told with where it was given. @throws ConfigError */
export function withOrigins<T>(given: GivenSettings, use: () => T): T {
  try {
    return use()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(labelled(error.message, given))
  }
}

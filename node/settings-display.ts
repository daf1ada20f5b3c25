/**
 * Settings as people see them: what there is to set, and what is set and where. Secrets are never shown.
 */
import { SETTINGS_LIST, valuesOf, type Config } from '../config.ts'
import type { GivenSettings } from './given-settings.ts'
import { flagOf, keyOf, namesOf } from './setting-names.ts'

const HIDDEN = '***'

export interface EffectiveSetting {
  readonly key: string
  readonly flag: string
  readonly variable: string
  /** null: not set, and without a default. */
  readonly value: unknown
  readonly source: 'flag' | 'environment' | 'file' | 'default'
  /** Where it was given. */
  readonly from: string | null
}

/** The settings as a table for --help. */
export function settingsHelp(): string {
  const rows = SETTINGS_LIST.map(({ name, fallback, about, takes }) => {
    const byDefault = fallback === undefined ? '' : ` (${fallback})`
    return `  --${flagOf(name)}, ${name}, ${keyOf(name)}${byDefault}\n      ${about}; takes ${takes}`
  })
  return rows.join('\n')
}

/** One line per setting for the debug log, secrets hidden. */
export function describeConfig(config: Config): Record<string, unknown> {
  const values = valuesOf(config)
  return Object.fromEntries(
    SETTINGS_LIST.map(({ name, isSecret }) => [name, shownOf(values.get(name), isSecret)]),
  )
}

export function effectiveSettings(
  config: Config,
  { origins }: GivenSettings,
): readonly EffectiveSetting[] {
  const values = valuesOf(config)
  return SETTINGS_LIST.map((setting) => {
    const { name, isSecret } = setting
    const given = namesOf(setting).map((variable) => origins.get(variable))
    const origin = given.find((found) => found !== undefined)
    return {
      key: keyOf(name),
      flag: `--${flagOf(name)}`,
      variable: name,
      value: shownOf(values.get(name), isSecret) ?? null,
      source: origin?.source ?? 'default',
      from: origin?.label ?? null,
    }
  })
}

/** Key, value and where it is from, a setting a line. */
export function settingsTable(settings: readonly EffectiveSetting[]): string {
  const rows = settings.map(({ key, value, source, from }) => {
    return [key, textOf(value), from === null ? source : `${source} ${from}`] as const
  })
  const keyWidth = Math.max(...rows.map(([key]) => key.length))
  const textWidth = Math.max(...rows.map(([, text]) => text.length))
  const lines = rows.map(
    ([key, text, source]) => `${key.padEnd(keyWidth)}  ${text.padEnd(textWidth)}  ${source}\n`,
  )
  return lines.join('')
}

function textOf(value: unknown): string {
  if (value === null) return '-'
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function shownOf(value: unknown, isSecret: boolean): unknown {
  return isSecret && value !== undefined ? HIDDEN : value
}

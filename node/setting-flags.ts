/**
 * Settings as flags of a command line: `--port 8080` for PORT.
 *
 * Used by `tinygrid serve` and `tinygrid cluster`. A setting that is true or false may stand alone and means
 * true. What others on a machine may read of a process is its command line: a secret is better in a file
 * (`--api-key-file`).
 */
import type { SettingsLayer } from './given-settings.ts'
import { flagOf, variablesOf } from './setting-names.ts'
import type { Setting } from './setting.ts'

interface TextOption {
  readonly type: 'string'
}

/** Options for `parseArgs`, one for each variable. */
export function flagOptions(
  settings: readonly Setting<unknown>[],
): Readonly<Record<string, TextOption>> {
  const flags = [...variablesOf(settings).keys()].map(flagOf)
  return Object.fromEntries(flags.map((flag) => [flag, { type: 'string' }]))
}

/** `--trust-proxy` as `--trust-proxy=true`. */
export function withFlagValues(
  args: readonly string[],
  settings: readonly Setting<unknown>[],
): readonly string[] {
  const booleans = settings.filter(({ inFile }) => inFile.length === 1 && inFile[0] === 'boolean')
  const words = new Set(booleans.map(({ name }) => `--${flagOf(name)}`))
  return args.map((arg, at) => {
    const next = args[at + 1]
    const isAlone = next === undefined || next.startsWith('-')
    return isAlone && words.has(arg) ? `${arg}=true` : arg
  })
}

/** @param values what `parseArgs` has found, also other things */
export function flagLayer(
  settings: readonly Setting<unknown>[],
  values: Readonly<Record<string, unknown>>,
): SettingsLayer {
  const given = [...variablesOf(settings).keys()].flatMap((variable) => {
    const value = values[flagOf(variable)]
    return typeof value === 'string' ? [[variable, value] as const] : []
  })
  return {
    source: 'flag',
    values: Object.fromEntries(given),
    labelOf: (variable) => `--${flagOf(variable)}`,
  }
}

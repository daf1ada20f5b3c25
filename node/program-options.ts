/**
 * The command line of a server (`tinygrid serve`, `main.ts`): what it is to do, and settings as flags.
 */
import { parseArgs } from 'node:util'
import { SETTINGS_LIST } from '../config.ts'
import type { DataCommand } from './data-commands.ts'
import {
  environmentLayer,
  mergeLayers,
  type Env,
  type GivenSettings,
  type SettingsLayer,
} from './given-settings.ts'
import { parseErrorSentence } from './parse-error.ts'
import { flagLayer, flagOptions, withFlagValues } from './setting-flags.ts'
import { ConfigError } from './setting.ts'
import { FILE_VARIABLE, readSettingsFile, settingsFileName } from './settings-file.ts'

/** Flags of the server that are no settings. */
const SERVE_OPTIONS = {
  config: { type: 'string' },
  'print-config': { type: 'boolean' },
  json: { type: 'boolean' },
  verify: { type: 'boolean' },
  repair: { type: 'boolean' },
  'accept-loss': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export interface ProgramOptions {
  readonly task: 'help' | 'print settings' | 'serve' | DataCommand
  readonly isJson: boolean
  /** The file of settings. */
  readonly config: string | undefined
  readonly flags: SettingsLayer
}

/** @throws ConfigError */
export function readProgramOptions(args: readonly string[]): ProgramOptions {
  const values = parse(withFlagValues(args, SETTINGS_LIST))
  const { config, json } = values
  return {
    task: taskOf(values),
    isJson: json === true,
    config: config as string | undefined,
    flags: flagLayer(SETTINGS_LIST, values),
  }
}

/** For completions. */
export function serveFlagNames(): readonly string[] {
  return Object.keys(allOptions())
}

function allOptions() {
  return { ...flagOptions(SETTINGS_LIST), ...SERVE_OPTIONS }
}

function parse(args: readonly string[]): Readonly<Record<string, unknown>> {
  const options = allOptions()
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new ConfigError(parseErrorSentence(error as Error, Object.keys(options)))
  }
}

function taskOf(values: Readonly<Record<string, unknown>>): ProgramOptions['task'] {
  const { help, verify, repair, 'accept-loss': accept, 'print-config': print } = values
  if (help) return 'help'
  if (accept && !repair) throw new ConfigError('--accept-loss goes with --repair; see --help')
  if (verify && repair) throw new ConfigError('--verify and --repair exclude each other')
  if (print) return 'print settings'
  if (repair) return accept ? 'repair and accept loss' : 'repair'
  return verify ? 'verify' : 'serve'
}

/** Settings of a process: its flags, its environment, its file. @throws ConfigError */
export function collectSettings(
  { config, flags }: { readonly config?: string | undefined; readonly flags?: SettingsLayer },
  env: Env,
): GivenSettings {
  const file = settingsFileName(config ?? env[FILE_VARIABLE])
  const read = file === undefined ? undefined : readSettingsFile(file, SETTINGS_LIST)
  const layers = [flags, environmentLayer(env), read?.layer].filter((layer) => layer !== undefined)
  return { ...mergeLayers(SETTINGS_LIST, env, layers), file, warnings: read?.warnings ?? [] }
}

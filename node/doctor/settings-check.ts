/**
 * The doctor's look at settings: every wrong one, not only the first, each with where it stands.
 */
import { readConfig, type Config } from '../../config.ts'
import { labelled, variableOf, type Env, type GivenSettings } from '../given-settings.ts'
import { collectSettings, type ProgramOptions } from '../program-options.ts'
import { ConfigError } from '../setting.ts'
import { NO_FILE } from '../settings-file.ts'
import { ok, warning, wrong, type Finding } from './finding.ts'

export type DoctorOptions = Pick<ProgramOptions, 'config' | 'flags'>

const CHECK = 'settings'
/** Each is left out in turn, to find the next. */
const WRONG_MAX = 100
const ADVICE = 'correct it, or leave it out; tinygrid serve --help tells what there is to set'

export interface ExaminedSettings {
  /** Those that are right; undefined: one is missing, without which nothing can be looked at. */
  readonly config: Config | undefined
  readonly findings: readonly Finding[]
}

export function examineSettings(options: DoctorOptions, env: Env): ExaminedSettings {
  const findings: Finding[] = []
  const { given, fault } = collect(options, env)
  if (fault !== undefined) findings.push(wrong(CHECK, fault, ADVICE))
  const config = readRightOnes(given, findings)
  for (const found of given.warnings) findings.push(warning(CHECK, found, 'change its permissions'))
  if (findings.length === 0) {
    const from = given.file === undefined ? 'no file' : given.file
    const what = `${new Set(given.origins.keys()).size} are given (${from} is read), all are right`
    findings.push(ok(CHECK, what))
  }
  return { config, findings }
}

/** Where the file is wrong, all but the file. */
function collect(options: DoctorOptions, env: Env): { given: GivenSettings; fault?: string } {
  try {
    return { given: collectSettings(options, env) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { given: collectSettings({ ...options, config: NO_FILE }, env), fault: error.message }
  }
}

function readRightOnes(given: GivenSettings, findings: Finding[]): Config | undefined {
  const left = { ...given.env }
  for (let round = 0; round < WRONG_MAX; round++) {
    try {
      return readConfig(left)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      findings.push(wrong(CHECK, labelled(error.message, given), ADVICE))
      const variable = variableOf(error.message)
      // It is missing: nothing can be left out to go on.
      if (variable === undefined || !left[variable]) return undefined
      delete left[variable]
    }
  }
  return undefined
}

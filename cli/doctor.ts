/**
 * The doctor command: what is wrong with settings, machine and servers before a server is started, or while one
 * runs.
 */
import { examineAll } from '../node/doctor/doctor.ts'
import type { Finding } from '../node/doctor/finding.ts'
import { flagLayer, withFlagValues } from '../node/setting-flags.ts'
import { SETTINGS_LIST } from '../config.ts'
import { readCommandLine } from './command-line.ts'
import { endWithReader, EXIT_CODES, runCommand } from './command-error.ts'
import { DOCTOR_HELP, DOCTOR_OPTIONS } from './doctor-options.ts'
import { harmless } from './text-table.ts'

/** Longest word of a state, and of what is looked at. */
const STATE_WIDTH = 7
const CHECK_WIDTH = 14

await runCommand(async () => {
  endWithReader(process.stdout)
  const args = withFlagValues(process.argv.slice(2), SETTINGS_LIST)
  const { values } = readCommandLine(args, DOCTOR_OPTIONS, false)
  if (values.help === true) {
    process.stdout.write(DOCTOR_HELP)
    return EXIT_CODES.done
  }
  const flags = flagLayer(SETTINGS_LIST, values)
  const findings = await examineAll({ config: values.config, flags }, process.env)
  const wrong = findings.filter(({ state }) => state === 'wrong').length
  const warnings = findings.filter(({ state }) => state === 'warning').length
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ isRight: wrong === 0, findings })}\n`)
  } else {
    for (const finding of findings) process.stdout.write(textOf(finding))
    process.stdout.write(`${wrong} wrong, ${warnings} warnings\n`)
  }
  return wrong === 0 ? EXIT_CODES.done : EXIT_CODES.someFailed
})
// A driver that looks for a server that is gone would keep the process.
process.exit()

function textOf({ state, check, found, advice }: Finding): string {
  const head = `${state.padEnd(STATE_WIDTH)}  ${check.padEnd(CHECK_WIDTH)}  ${harmless(found)}\n`
  const indent = ' '.repeat(STATE_WIDTH + CHECK_WIDTH + 4)
  return advice === undefined ? head : `${head}${indent}-> ${harmless(advice)}\n`
}

/**
 * `npm run services`: finds the servers that tests and `npm run cluster` use, and gets those that
 * are missing. Prints where each one is; exits with 1 when one is missing, and says why.
 *
 * A program comes from the first of: the PATH, the cache, a build with Go, Java or npm, Python's packages,
 * Debian's package, Docker.
 * One whose variable names a running server set aside for tests is not built.
 */
import { supplyPrograms } from './program-supply.ts'
import {
  findProgram,
  TEST_PROGRAM_NAMES,
  urlSetAside,
  variableOf,
  type ProgramName,
} from './service-program.ts'

const NAME_WIDTH = 10

const reasons = await supplyPrograms(
  TEST_PROGRAM_NAMES.filter((name) => !urlSetAside(name)),
  tell,
)
for (const name of TEST_PROGRAM_NAMES) report(name)

function report(name: ProgramName): void {
  const program = findProgram(name)
  const isSetAside = urlSetAside(name) !== undefined
  if (isSetAside) tell(name, `set aside by ${variableOf(name)}`)
  if (program) {
    const source = program.from === 'cache' ? 'built or installed for tests' : 'on the PATH'
    tell(name, `${program.version}, ${program.path} (${source})`)
  } else if (isSetAside) {
    tell(name, 'no program to start: tests that kill or freeze it are skipped')
  } else {
    process.exitCode = 1
    tell(name, `MISSING, its tests are skipped: ${reasons.get(name)}`)
  }
}

function tell(name: ProgramName, line: string): void {
  console.log(`${name.padEnd(NAME_WIDTH)} ${line}`)
}

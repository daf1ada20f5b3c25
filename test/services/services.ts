/**
 * `npm run services`: finds the servers that tests and `npm run cluster` use, and gets those that
 * are missing. Prints where each one is; exits with 1 when one is missing, and says why.
 *
 * A program comes from the first of: the PATH, the cache, a build with Go, Debian's package, Docker.
 * One whose variable names a running server set aside for tests is not built.
 */
import { buildWithGo } from './go-build.ts'
import { installRedis } from './redis-package.ts'
import {
  findProgram,
  PROGRAM_NAMES,
  urlSetAside,
  variableOf,
  type ProgramName,
} from './service-program.ts'

const NAME_WIDTH = 9

const wanted = PROGRAM_NAMES.filter((name) => !findProgram(name) && !urlSetAside(name))
const reasons = new Map<ProgramName, string | undefined>()
const built = wanted.filter((name) => name !== 'redis')
if (built.length > 0) {
  const reason = await buildWithGo((line) => tell(built[0]!, line))
  for (const name of built) reasons.set(name, reason)
}
if (wanted.includes('redis')) {
  reasons.set('redis', await installRedis((line) => tell('redis', line)))
}

for (const name of PROGRAM_NAMES) report(name)

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
    tell(name, `MISSING, its tests are skipped: ${reasons.get(name) ?? 'it does not run'}`)
  }
}

function tell(name: ProgramName, line: string): void {
  console.log(`${name.padEnd(NAME_WIDTH)} ${line}`)
}

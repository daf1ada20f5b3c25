/**
 * `npm test`: every check and every test, and one line of counts at the end.
 *
 * Runs the same npm scripts a person would; a check (format, lint, types, unused) counts as one
 * test. Scenarios, which start whole clusters and mostly wait, run one file at a time beside all other
 * tests, which mostly compute, and two at a time after those; they are shown then. All steps run even when
 * one fails. A server that the tests need and that cannot be had is no failure: it is named, and its tests
 * are skipped. In CI (`CI=true`) everything must be tested, so that a skipped test is a failed one there.
 * A file with a failed test is run once more, by itself, after all others, within the bounds of
 * `second-runs.ts`. What passes then counts as passed, and its first failure is the last thing printed.
 * The last line printed is `N passed, N failed` with `, N skipped` where tests were skipped; the exit
 * code is 0 only when nothing failed.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { countsOf, failuresByFile, passedIn, type Counts } from './ava-output.ts'
import { filesToRunAgain } from './second-runs.ts'

const { ava } = JSON.parse(readFileSync('package.json', 'utf8')) as { ava: { files: string[] } }
/** What starts a whole cluster; first those that wait longest. */
const SCENARIOS = [
  'test/docker.test.ts',
  'test/cluster-rolling.test.ts',
  'test/cluster*.test.ts',
  'test/browser-cluster.test.ts',
  'test/clicks-once.test.ts',
  'cli/cluster*.test.ts',
]

/** Programs that tests start, hundreds of times, find their modules compiled: a third less of processor time. */
const COMPILED = path.resolve('node_modules/.cache/compiled')

const CHECKS = ['check:format', 'check:lint', 'check:types', 'check:unused']

interface Result {
  readonly exitCode: number
  readonly output: string
  readonly seconds: number
}

interface Run extends Result {
  readonly files: readonly string[]
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 }
for (const check of CHECKS) {
  const { exitCode } = await run('npm', ['run', '--silent', check], check)
  add({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 })
}
const services = await run('npm', ['run', '--silent', 'services'], 'servers for tests')
const scenarios = [...new Set(SCENARIOS.flatMap((pattern) => globSync(pattern)))]
const others = globSync(ava.files).filter((file) => !scenarios.includes(file))
const runs: Run[] = []
const testing = run('ava', others, 'tests')
const waiting = scenarios.values()
const beginning = inTurn()
runs.push({ files: others, ...(await testing) })
await Promise.all([beginning, inTurn()])
for (const { output, exitCode } of runs) add(countsOf(output, exitCode))
const failedAtFirst = await runAgain(runs)
const missing = services.output.split('\n').filter((line) => line.includes('MISSING'))
if (services.exitCode !== 0)
  console.log(missing.join('\n') || 'the servers could not be looked for')
if (process.env['CI'] === 'true' && total.skipped > 0) {
  console.log(`${total.skipped} tests were skipped, which in CI is a failure`)
  total.failed += total.skipped
  total.skipped = 0
}
if (failedAtFirst.length > 0)
  console.log(`\n== failed at first, passed alone\n\n${failedAtFirst.join('\n\n')}\n`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1

function add(counts: Counts): void {
  total.passed += counts.passed
  total.failed += counts.failed
  total.skipped += counts.skipped
}

/** Runs one scenario after the other, while there are any; each is shown when it and the other tests have ended. */
async function inTurn(): Promise<void> {
  for (const file of waiting) {
    const result = await run('ava', [file], file, false)
    runs.push({ files: [file], ...result })
    void testing.then(() => {
      process.stdout.write(`\n== ${file}\n${result.output}`)
      console.log(`== ${file}: ${result.seconds} s`)
    })
  }
}

/** Runs some failed files once more, and takes back what passes then. @returns what failed at first */
async function runAgain(done: readonly Run[]): Promise<string[]> {
  const failures = new Map(done.flatMap(({ output, files }) => [...failuresByFile(output, files)]))
  const excused: string[] = []
  for (const file of filesToRunAgain(failures)) {
    const again = await run('ava', [file], `once more, by itself: ${file}`)
    if (again.exitCode !== 0) continue
    const { output, files } = done.find((each) => each.files.includes(file))!
    const { passed } = countsOf(again.output, again.exitCode)
    const failed = failures.get(file)!
    add({ passed: passed - passedIn(output, file, files), failed: -failed.length, skipped: 0 })
    excused.push(...failed.map(({ told }) => `${file}\n${told}`))
  }
  return excused
}

/** Runs a command and keeps what it prints; shows it at once, or leaves that to the caller. */
async function run(
  command: string,
  args: readonly string[],
  title: string,
  isShown = true,
): Promise<Result> {
  const beganAt = performance.now()
  if (isShown) process.stdout.write(`\n== ${title}\n`)
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
      if (isShown) process.stdout.write(text)
    })
  }
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  const seconds = Math.round((performance.now() - beganAt) / 1_000)
  if (isShown) console.log(`== ${title}: ${seconds} s`)
  return { exitCode, output, seconds }
}

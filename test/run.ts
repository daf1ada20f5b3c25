/**
 * `npm test`: every check and every test, and one line of counts at the end.
 *
 * Runs the same npm scripts a person would; a check (format, lint, types, unused) counts as one
 * test. Scenarios, which start whole clusters and mostly wait, run one file at a time beside all other
 * tests, which mostly compute; they are shown after those. All steps run even when one fails. A server
 * that the tests need and that cannot be had is no failure: it is named, and its tests are skipped. In
 * CI (`CI=true`) everything must be tested, so that a skipped test is a failed one there.
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
/** What starts a whole cluster, one file at a time. */
const SCENARIOS = [
  'test/cluster*.test.ts',
  'test/browser-cluster.test.ts',
  'test/clicks-once.test.ts',
  'test/docker.test.ts',
  'cli/cluster*.test.ts',
]

/** Programs that tests start, hundreds of times, find their modules compiled: a third less of processor time. */
const COMPILED = path.resolve('node_modules/.cache/compiled')

const CHECKS = ['check:format', 'check:lint', 'check:types', 'check:unused']

interface Run {
  readonly exitCode: number
  readonly output: string
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 }
for (const check of CHECKS) {
  const { exitCode } = await run('npm', ['run', '--silent', check], check)
  add({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 })
}
const services = await run('npm', ['run', '--silent', 'services'], 'servers for tests')
const scenarios = globSync(SCENARIOS)
const others = globSync(ava.files).filter((file) => !scenarios.includes(file))
const testing = run('ava', others, 'tests')
const runs = await Promise.all([
  testing,
  run('ava', ['--concurrency=1', ...scenarios], 'scenarios', testing),
])
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

/** Runs some failed files once more, and takes back what passes then. @returns what failed at first */
async function runAgain(done: readonly Run[]): Promise<string[]> {
  const output = done.map((each) => each.output)
  const failures = new Map(
    output.flatMap((text) => [...failuresByFile(text, [...scenarios, ...others])]),
  )
  const excused: string[] = []
  for (const file of filesToRunAgain(failures)) {
    const again = await run('ava', [file], `once more, by itself: ${file}`)
    if (again.exitCode !== 0) continue
    const { passed } = countsOf(again.output, again.exitCode)
    const before = output.reduce((sum, text) => sum + passedIn(text, file), 0)
    const failed = failures.get(file)!
    add({ passed: passed - before, failed: -failed.length, skipped: 0 })
    excused.push(...failed.map(({ told }) => told))
  }
  return excused
}

/** Runs a command, shows what it prints, from the start or from when `shownAfter` has ended, and keeps it. */
async function run(
  command: string,
  args: readonly string[],
  title: string,
  shownAfter: Promise<unknown> = Promise.resolve(),
): Promise<Run> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
  })
  let output = ''
  let isShown = false
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
      if (isShown) process.stdout.write(text)
    })
  }
  const closing = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  closing.catch(() => {})
  await shownAfter
  isShown = true
  process.stdout.write(`\n== ${title}\n${output}`)
  return { exitCode: await closing, output }
}

/**
 * `npm test`: every check and every test, and one line of counts at the end.
 *
 * Runs the same npm scripts a person would; a check (format, lint, types, unused) counts as one
 * test. Scenarios, which start whole clusters and mostly wait, run one file at a time beside all other
 * tests, which mostly compute; they are shown after those. All steps run even when one fails. A server
 * that the tests need and that cannot be had is no failure: it is named, and its tests are skipped. In
 * CI (`CI=true`) everything must be tested, so that a skipped test is a failed one there.
 * A file with a test that failed while the machine stood still (`machine-stalls.ts`) is run once more, by
 * itself, and said so. A machine that is only busy excuses nothing.
 * The last line printed is `N passed, N failed` with `, N skipped` where tests were skipped; the exit
 * code is 0 only when nothing failed.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { countsOf, failuresByFile, type Counts } from './ava-output.ts'
import { watchThisMachine } from './machine-stalls.ts'

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

/** A failure that is told up to so long after the machine stood still may come of it. */
const STALL_FELT_MS = 60_000

interface Run {
  readonly exitCode: number
  readonly output: string
  /** What was printed, and when. */
  readonly pieces: readonly { at: number; text: string }[]
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 }
for (const check of CHECKS) {
  const { exitCode } = await run('npm', ['run', '--silent', check], check)
  add({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 })
}
const services = await run('npm', ['run', '--silent', 'services'], 'servers for tests')
const scenarios = globSync(SCENARIOS)
const others = globSync(ava.files).filter((file) => !scenarios.includes(file))
const machine = await watchThisMachine()
const testing = run('ava', others, 'tests')
const runs = await Promise.all([
  testing,
  run('ava', ['--concurrency=1', ...scenarios], 'scenarios', testing),
])
for (const { output, exitCode } of runs) add(countsOf(output, exitCode))
await tryAgain(runs)
await machine.end()
const missing = services.output.split('\n').filter((line) => line.includes('MISSING'))
if (services.exitCode !== 0)
  console.log(missing.join('\n') || 'the servers could not be looked for')
if (process.env['CI'] === 'true' && total.skipped > 0) {
  console.log(`${total.skipped} tests were skipped, which in CI is a failure`)
  total.failed += total.skipped
  total.skipped = 0
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1

function add(counts: Counts): void {
  total.passed += counts.passed
  total.failed += counts.failed
  total.skipped += counts.skipped
}

/** Runs files once more whose tests failed while the machine stood still, and takes back what passes then. */
async function tryAgain(done: readonly Run[]): Promise<void> {
  for (const { of, from, to } of machine.stalls.all()) {
    const [seconds, after] = [(to - from) / 1_000, from / 1_000]
    console.log(
      `the ${of} stood still for ${seconds.toFixed(1)} s, ${after.toFixed(0)} s after the start`,
    )
  }
  const files = [...scenarios, ...others]
  for (const { pieces } of done) {
    const felt = pieces.filter(({ at }) => machine.stalls.touched(at - STALL_FELT_MS, at))
    const doubtful = failuresByFile(felt.map(({ text }) => text).join(''), files)
    for (const [file, failures] of doubtful) {
      const { exitCode } = await run(
        'ava',
        [file],
        `once more, since the machine stood still: ${file}`,
      )
      if (exitCode === 0) add({ passed: failures, failed: -failures, skipped: 0 })
    }
  }
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
  const pieces: { at: number; text: string }[] = []
  const output = () => pieces.map(({ text }) => text).join('')
  let isShown = false
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      pieces.push({ at: performance.now(), text })
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
  process.stdout.write(`\n== ${title}\n${output()}`)
  return { exitCode: await closing, output: output(), pieces }
}

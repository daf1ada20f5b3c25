/**
 * `npm test`: every check and every test, one after the other, and one line of counts at the end.
 *
 * Runs the same npm scripts a person would; a check (format, lint, types, unused) counts as one
 * test. Tests that start servers or clusters of their own, or simulate them, run one file at a time
 * after all others: what they wait for has time limits. All steps run even when one fails. A server
 * that the tests need and that cannot be had is no failure: it is named, and its tests are skipped. In
 * CI (`CI=true`) everything must be tested, so that a skipped test is a failed one there.
 * The last line printed is `N passed, N failed` with `, N skipped` where tests were skipped; the exit
 * code is 0 only when nothing failed.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const { ava } = JSON.parse(readFileSync('package.json', 'utf8')) as { ava: { files: string[] } }
const TESTS = ava.files
const ALONE = [
  'test/cluster*.test.ts',
  'test/operating.test.ts',
  'test/browser-cluster.test.ts',
  'test/services/*.test.ts',
  'cli/cluster*.test.ts',
  'simulation/*.test.ts',
  'persistence/{log,store,cache}/{jetstream,mongo,redis}-*.test.ts',
  'cluster/{nats,peers}/{nats,moleculer}-*.test.ts',
  'clicks/store/clickhouse-*.test.ts',
  'clicks/{feed,log}/jetstream-*.test.ts',
  'test/clicks-once.test.ts',
  'test/docker.test.ts',
]

const CHECKS = ['check:format', 'check:lint', 'check:types', 'check:unused']

const total: Counts = { passed: 0, failed: 0, skipped: 0 }
for (const check of CHECKS) {
  const { exitCode } = await run('npm', ['run', '--silent', check], check)
  add({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 })
}
const services = await run('npm', ['run', '--silent', 'services'], 'servers for tests')
const alone = globSync(ALONE)
const together = globSync(TESTS).filter((file) => !alone.includes(file))
const tests = await run('ava', together, 'tests')
add(countsOf(tests.output, tests.exitCode))
const scenarios = await run('ava', ['--concurrency=1', ...alone], 'tests with servers')
add(countsOf(scenarios.output, scenarios.exitCode))
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

/** Runs a command, shows what it prints, and keeps it. */
function run(
  command: string,
  args: readonly string[],
  title: string,
): Promise<{ exitCode: number; output: string }> {
  console.log(`\n== ${title}`)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: string[] = []
  for (const [stream, sink] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      chunks.push(text)
      sink.write(text)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: chunks.join('') }))
  })
}

/**
 * The counts of AVA's closing lines, but for the passed tests, which AVA counts only where none
 * failed. A run that failed without a failed test counts as one.
 */
function countsOf(output: string, exitCode: number): Counts {
  const passed = output.match(/^ +✔ /gmu)?.length ?? 0
  const closing = output.slice(output.lastIndexOf('─'))
  const count = (pattern: RegExp) => Number(pattern.exec(closing)?.[1] ?? 0)
  const skipped = count(/(\d+) tests? skipped/)
  const broken =
    count(/(\d+) tests? failed/) +
    count(/(\d+) uncaught exceptions?/) +
    count(/(\d+) unhandled rejections?/) +
    count(/(\d+) tests? remained pending/)
  return { passed, skipped, failed: exitCode === 0 ? broken : Math.max(1, broken) }
}

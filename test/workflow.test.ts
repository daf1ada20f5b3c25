/** The workflow of a public host: it runs the check, all of it, and may do nothing else. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { parse } from 'yaml'

const ROOT = path.resolve(import.meta.dirname, '..')
const FILE = '.github/workflows/ci.yml'
const CHECK = 'bash .ci/run'
const MINUTES_MAX = 90

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly with?: Readonly<Record<string, string | number | boolean>>
  readonly run?: string
}

interface Workflow {
  readonly on: Readonly<Record<string, { readonly branches?: readonly string[] } | null>>
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<
    Record<string, { readonly 'timeout-minutes': number; readonly steps: readonly Step[] }>
  >
}

const text = readFileSync(path.join(ROOT, FILE), 'utf8')
// Refuses a key that is given twice, and warns of nothing.
const workflow = parse(text, { strict: true, uniqueKeys: true, logLevel: 'error' }) as Workflow
const jobs = Object.values(workflow.jobs)
const steps = jobs.flatMap((job) => job.steps)

test('it runs .ci/run on each push to main and each pull request, for a bounded time', (t) => {
  t.deepEqual(workflow.on['push'], { branches: ['main'] })
  t.true('pull_request' in workflow.on)
  t.is(steps.at(-1)?.run, CHECK)
  t.true(existsSync(path.join(ROOT, CHECK.replace('bash ', ''))))
  t.is(steps.filter(({ run }) => run?.includes('.ci/run')).length, 1)
  for (const job of jobs) t.is(job['timeout-minutes'], MINUTES_MAX)
  for (const step of steps) t.is(Number('run' in step) + Number('uses' in step), 1, step.name)
})

test('it may read the repository and nothing else, and knows no secret', (t) => {
  t.deepEqual(workflow.permissions, { contents: 'read' })
  t.notRegex(text, /secrets|github\.token|pull_request_target|continue-on-error/)
  // What a stranger writes (a title, the name of a branch) must not end up in a command.
  for (const { run = '' } of steps) t.notRegex(run, /\$\{\{/)
})

test('its actions are of the host itself, and pinned by commit', (t) => {
  const uses = steps.flatMap((step) => step.uses ?? [])
  t.deepEqual(
    uses.map((name) => name.split('@')[0]),
    ['actions/checkout', 'actions/setup-node', 'actions/setup-go', 'actions/cache'],
  )
  for (const name of uses) {
    t.regex(name, /@[0-9a-f]{40}$/)
    t.regex(text, new RegExp(`${name} # v\\d+\\.\\d+\\.\\d+\\n`), 'which version it is')
  }
})

test('servers that were built are kept where npm run services looks for them', (t) => {
  const cache = steps.find(({ uses }) => uses?.startsWith('actions/cache@'))!.with!
  const wanted = '~/.cache/tinygrid/services/*\n!~/.cache/tinygrid/services/docker\n'
  t.is(cache['path'], wanted)
  const key = String(cache['key'])
  for (const [, folder] of key.matchAll(/'([\w/-]+)\/\*\*'/g)) {
    t.true(existsSync(path.join(ROOT, folder!)), `${folder} does not exist`)
  }
  const goModule = steps.flatMap((step) => step.with?.['go-version-file'] ?? [])
  for (const file of goModule) t.true(existsSync(path.join(ROOT, String(file))))
})

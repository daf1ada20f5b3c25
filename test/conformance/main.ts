/**
 * `npm run conformance`: whether the HTTP interface is as its OpenAPI document says.
 *
 * Starts a node of its own and lets schemathesis ask it thousands of questions, right ones and wrong ones, which
 * it makes from the document. `schemathesis.toml` says what is left out, and why. Python and a first download are
 * needed; the tool is kept in the cache of the servers for tests. `--seconds N` asks for so long (120), `--seed N`
 * asks the same again. The exit code is 0 if nothing was found.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { API_KEY, Program } from '../program.ts'
import { withBuildLock } from '../services/build-lock.ts'
import { makePythonEnvironment } from '../services/python-build.ts'
import { conformanceDirectory } from '../services/service-program.ts'

const SOURCE = import.meta.dirname
const TOOL = path.join(conformanceDirectory, 'venv/bin/schemathesis')
const READY_MS_MAX = 60_000
/** A feature that is off answers 503, which hides what it would have answered. */
const EVERYTHING_ON = {
  TINYGRID_TRUST_PROXY: 'true',
  TINYGRID_ROLES: 'gateway,actors,analytics',
  TINYGRID_AUDIT: 'true',
  TINYGRID_BASE_URL: 'https://sho.example',
  TINYGRID_DOMAINS: 'go.example',
  TINYGRID_INTERFACES: 'shlink,yourls,bitly,kutt',
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
  },
})
const missing = await fetchTool()
if (missing === undefined) process.exitCode = await conform()
else fail(`schemathesis: ${missing}`)

/** @returns undefined when it is there, else why not */
function fetchTool(): Promise<string | undefined> {
  return withBuildLock(`${conformanceDirectory}.lock`, sayWaiting, async () => {
    if (existsSync(TOOL)) return undefined
    console.log('fetching schemathesis for Python (once)')
    rmSync(conformanceDirectory, { recursive: true, force: true })
    mkdirSync(conformanceDirectory, { recursive: true })
    const requirements = path.join(SOURCE, 'requirements.txt')
    const reason = await makePythonEnvironment(conformanceDirectory, requirements)
    if (reason !== undefined) rmSync(conformanceDirectory, { recursive: true, force: true })
    return reason
  })
}

function sayWaiting(): void {
  console.log('another process fetches schemathesis: waiting')
}

async function conform(): Promise<number> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-conformance-'))
  const program = await Program.start({
    dataDir: directory,
    env: EVERYTHING_ON,
  })
  try {
    await untilAnswered(`${program.url}/api/stats`)
    return await ask(program.url, directory)
  } finally {
    await program.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The statistics come a moment later than the links. */
async function untilAnswered(url: string): Promise<void> {
  const headers = { authorization: `Bearer ${API_KEY}` }
  const deadline = performance.now() + READY_MS_MAX
  while (!(await fetch(url, { headers })).ok && performance.now() < deadline) await setTimeout(100)
}

/** Resolves with the exit code of the tool. Its own files go into `directory`. */
function ask(url: string, directory: string): Promise<number> {
  const { seconds, seed } = values
  const tool = spawn(
    TOOL,
    [
      '--config-file',
      path.join(SOURCE, 'schemathesis.toml'),
      '--no-color',
      'run',
      `${url}/openapi.json`,
      `--header=Authorization: Bearer ${API_KEY}`,
      `--seed=${seed}`,
      `--max-time=${seconds}`,
      '--continue-on-failure',
      '--phases=examples,coverage,fuzzing',
      '--warnings=off',
    ],
    {
      cwd: directory,
      stdio: 'inherit',
      env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: SOURCE },
    },
  )
  return new Promise((resolve, reject) => {
    tool.on('error', reject)
    tool.on('close', (code) => resolve(code ?? 1))
  })
}

function fail(why: string): void {
  console.error(why)
  process.exitCode = 1
}

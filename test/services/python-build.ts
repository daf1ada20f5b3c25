/**
 * Gets ClickHouse's engine for tests: chdb, in a virtual environment of its own, with a script to start
 * `clickhouse_server.py` on it.
 *
 * The environment is made under the name that it keeps, because its scripts hold that; the script appears
 * last, so a build that was cut off is no program, and is made anew.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { withBuildLock } from './build-lock.ts'
import { runCommand } from './command-line.ts'
import { CLICKHOUSE, pythonDirectory } from './service-program.ts'

const SOURCE = import.meta.dirname
const SERVER = 'clickhouse_server.py'
const REQUIREMENTS = 'clickhouse-requirements.txt'
const BUILD_TIMEOUT_MS = 300_000
const VERSION = /chdb-core==([\d.]+)/

/** @returns undefined when it is there, else why not, in one line */
export function buildWithPython(say: (line: string) => void): Promise<string | undefined> {
  const waits = () => say('another process fetches it: waiting')
  const script = path.join(pythonDirectory, CLICKHOUSE)
  return withBuildLock(`${pythonDirectory}.lock`, waits, async () => {
    if (existsSync(script)) return undefined
    rmSync(pythonDirectory, { recursive: true, force: true })
    mkdirSync(pythonDirectory, { recursive: true })
    say('fetching it for Python (once)')
    const reason = await build()
    if (reason !== undefined) {
      rmSync(pythonDirectory, { recursive: true, force: true })
      return reason
    }
    copyFileSync(path.join(SOURCE, SERVER), path.join(pythonDirectory, SERVER))
    writeFileSync(script, scriptText(), { mode: 0o755 })
    return undefined
  })
}

function build(): Promise<string | undefined> {
  // Without what chdb needs for data frames, which nobody asks for here.
  return makePythonEnvironment(pythonDirectory, path.join(SOURCE, REQUIREMENTS), '--no-deps')
}

/**
 * Makes a virtual environment `venv` in a directory that is there, with what a file requires.
 *
 * @returns undefined when it is there, else why not, in one line
 */
export async function makePythonEnvironment(
  directory: string,
  requirements: string,
  ...flags: readonly string[]
): Promise<string | undefined> {
  const options = { cwd: directory, timeoutMs: BUILD_TIMEOUT_MS }
  const unmade = await runCommand(['python3', '-m', 'venv', 'venv'], options)
  if (unmade !== undefined) return `no virtual environment can be made: ${unmade}`
  const install = ['venv/bin/pip', 'install', '-q', ...flags, '-r', requirements] as const
  const unfetched = await runCommand([...install], options)
  return unfetched === undefined ? undefined : `it could not be fetched: ${unfetched}`
}

/** Says its version without Python, since loading the engine takes a while. */
function scriptText(): string {
  const version = VERSION.exec(readFileSync(path.join(SOURCE, REQUIREMENTS), 'utf8'))![1]!
  return `#!/bin/sh
home=$(dirname "$0")
if [ "$1" = --version ]; then echo ${version}; exit; fi
exec "$home/venv/bin/python" "$home/${SERVER}" "$@"
`
}

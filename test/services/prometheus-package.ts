/**
 * Gets Prometheus and its promtool where they are missing: out of Debian's package.
 *
 * The package is unpacked into the cache, not installed: installed it would be started as a service on port
 * 9090, and only root could do it. Both are programs of Go that need nothing else of it.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { withBuildLock } from './build-lock.ts'
import { runCommand } from './command-line.ts'
import { findProgram, packagedDirectory } from './service-program.ts'

const PROGRAMS = ['prometheus', 'promtool'] as const
const TIMEOUT_MS = 300_000

/** @returns undefined when both are there, else why not, in one line */
export function unpackPrometheus(say: (line: string) => void): Promise<string | undefined> {
  const waits = () => say('another process fetches it: waiting')
  return withBuildLock(`${packagedDirectory}-prometheus.lock`, waits, async () => {
    if (PROGRAMS.every(findProgram)) return undefined
    const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-prometheus-'))
    try {
      say("fetching Debian's prometheus")
      return (await download(directory)) ?? (await unpack(directory))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
}

/** Once more with new lists of packages, which a new machine has none of. */
async function download(directory: string): Promise<string | undefined> {
  const fetch = () => {
    const command = ['apt-get', 'download', '-q', 'prometheus'] as const
    return runCommand(command, { cwd: directory, timeoutMs: TIMEOUT_MS })
  }
  if ((await fetch()) === undefined) return undefined
  const update = ['apt-get', 'update', '-q'] as const
  const sudo =
    process.getuid?.() === 0 ? ([...update] as const) : (['sudo', '-n', ...update] as const)
  return (await runCommand([...sudo], { timeoutMs: TIMEOUT_MS })) ?? (await fetch())
}

async function unpack(directory: string): Promise<string | undefined> {
  const file = readdirSync(directory).find((name) => name.endsWith('.deb'))
  if (file === undefined) return 'apt-get left no package'
  const command = ['dpkg-deb', '-x', file, 'unpacked'] as const
  const reason = await runCommand(command, { cwd: directory, timeoutMs: TIMEOUT_MS })
  if (reason !== undefined) return reason
  mkdirSync(packagedDirectory, { recursive: true })
  for (const name of PROGRAMS) {
    const place = path.join(packagedDirectory, name)
    copyFileSync(path.join(directory, 'unpacked/usr/bin', name), `${place}.new`)
    renameSync(`${place}.new`, place)
  }
  return PROGRAMS.every(findProgram) ? undefined : 'it does not run'
}

/** Runs a command of this folder as its own process, for the tests. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'

interface Ended {
  /** null: killed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** @param env all that it finds in its environment beside PATH */
export function startCommand(
  name: 'import' | 'export' | 'clicks' | 'keys' | 'tinygrid',
  args: readonly string[],
  standardInput = '',
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const script = join(import.meta.dirname, '..', `${name}.ts`)
  const child = spawn(process.execPath, [script, ...args], {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], ...env },
  })
  child.stdin.on('error', () => {
    // The command may end without reading all of it.
  })
  child.stdin.end(standardInput)
  const streams = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const ended = streams.then(([stdout, stderr]) => ({ exitCode: child.exitCode, stdout, stderr }))
  return { child, ended }
}

/** A folder of the test's own, gone with it. */
export async function scratchFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tinygrid-cli-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

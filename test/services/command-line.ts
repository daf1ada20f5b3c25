/**
 * Runs a program to its end, line by line: for builds and installations that take a while.
 *
 * Never throws for what the program does: a program that is not there, fails or takes too long gives
 * a reason, which is its last line.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface CommandOptions {
  readonly cwd?: string
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly onLine?: (line: string) => void
}

/** @returns undefined when it succeeded, else why it did not, in one line */
export function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env, timeoutMs, onLine }: CommandOptions,
): Promise<string | undefined> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    ...(cwd === undefined ? {} : { cwd }),
  })
  let lastLine = ''
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      if (line.trim() !== '') lastLine = line.trim()
      onLine?.(line)
    })
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(undefined)
      else if (signal) resolve(`${program} took longer than ${timeoutMs / 1000} s`)
      else resolve(`${program}: ${lastLine || `exit code ${code}`}`)
    })
  })
}

/**
 * Runs a program of a release in the repository: quietly, for what it prints, or in view of who released.
 *
 * Used by `release/`. A program that is not there or fails is a `CommandError` with its last words.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { CommandError } from '../cli/command-error.ts'

const LAST_WORDS_LENGTH_MAX = 2_000

export interface CommandOptions {
  readonly cwd: string
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** What it prints is shown and not returned. */
  readonly isShown?: boolean
}

/** @returns what it printed */
export async function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env, isShown = false }: CommandOptions,
): Promise<string> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: isShown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let words = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (words += text))
  const [exitCode] = await once(child, 'close').catch((error: Error) => {
    throw new CommandError(`${program} cannot be run: ${error.message}`)
  })
  if (exitCode === 0) return output
  const last = `${output}\n${words}`.trim().slice(-LAST_WORDS_LENGTH_MAX)
  throw new CommandError(`"${program} ${args.join(' ')}" failed.\n${last}`.trim())
}

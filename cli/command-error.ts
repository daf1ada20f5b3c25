/**
 * What stops a command: one sentence for the person at the terminal and the exit code, or Ctrl-C.
 *
 * Everything else that is thrown is a bug and shows its stack. What is wrong with single items of
 * an import is not an error of the command: it is listed, and the import goes on.
 *
 * Ctrl-C and SIGTERM are a signal to finish: the first lets the requests under way end, the second ends
 * the process at once, which costs nothing but a little checking when the command continues.
 */
import { setTimeout as sleepFor } from 'node:timers/promises'

export const EXIT_CODES = {
  /** Everything was done. */
  done: 0,
  /** The command ran to its end, and some items failed. */
  someFailed: 1,
  /** The command could not run, or could not go on. */
  stopped: 2,
  /** The server has understood the request and refused it: no such link, a taken code, a wrong key. */
  refused: 3,
  /** Ctrl-C; the same command continues. */
  interrupted: 130,
  /** Whoever read standard output has gone; as shells know it, ended by SIGPIPE. */
  unread: 141,
} as const

export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT_CODES.stopped, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

/**
 * Runs a command to its exit code; prints the sentence if it is stopped.
 *
 * @param command returns undefined where another has set the exit code
 */
export async function runCommand(command: () => Promise<number | undefined>): Promise<void> {
  try {
    const exitCode = await command()
    if (exitCode !== undefined) process.exitCode = exitCode
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(error.message)
    process.exitCode = error.exitCode
  }
}

/** `tinygrid list | head`: what is left is for nobody, and no reason for a stack. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_CODES.unread)
    console.error(`Standard output cannot be written: ${error.message}`)
    process.exit(EXIT_CODES.stopped)
  })
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of SIGNALS) {
    process.once(signal, () => controller.abort())
  }
  return controller.signal
}

/** @throws CommandError when interrupted before or meanwhile */
export async function sleepUnless(interrupted: AbortSignal, ms: number): Promise<void> {
  try {
    await sleepFor(ms, undefined, { signal: interrupted })
  } catch {
    throw new CommandError('Interrupted.', EXIT_CODES.interrupted)
  }
}

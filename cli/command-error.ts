/**
 * What stops a command: one sentence for the person at the terminal, and the exit code.
 *
 * Everything else that is thrown is a bug and shows its stack. What is wrong with single items of
 * an import is not an error of the command: it is listed, and the import goes on.
 */

export const EXIT_CODES = {
  /** Everything was done. */
  done: 0,
  /** The command ran to its end, and some items failed. */
  someFailed: 1,
  /** The command could not run, or could not go on. */
  stopped: 2,
  /** Ctrl-C; the same command continues. */
  interrupted: 130,
} as const

export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT_CODES.stopped, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

/** Runs a command to its exit code; prints the sentence if it is stopped. */
export async function runCommand(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(error.message)
    process.exitCode = error.exitCode
  }
}

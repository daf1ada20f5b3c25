/**
 * Ctrl-C and SIGTERM as a signal to finish: the first lets the requests under way end, the second
 * ends the process at once, which costs nothing but a little checking when the command continues.
 */
import { setTimeout as sleepFor } from 'node:timers/promises'
import { CommandError, EXIT_CODES } from './command-error.ts'

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

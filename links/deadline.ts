/** A bound in time around work that might never settle by itself. */
import { systemClock, type Clock } from './clock.ts'

/**
 * Settles as the work does, or rejects after `ms`. The work is not stopped: whoever began it bounds
 * its own resources.
 */
export async function within<T>(
  ms: number,
  what: string,
  work: Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  let cancel: (() => void) | undefined
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(new Error(`${what} took more than ${ms} ms`)))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel?.()
  }
}

/**
 * The clock as what runs in the background sees it: time, timers, and bounds on waiting.
 *
 * Injected, so that tests let a minute pass in no time.
 */

export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number
  /** Runs `action` once after `ms`. Returns what cancels it. */
  after(ms: number, action: () => void): () => void
}

/** Resolves after `ms`, or at once when the signal is aborted; then no timer and no listener is left. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal?.addEventListener('abort', end)
  })
}

/**
 * A timer that is due lets in first what has come by then. After a pause of the process (a long
 * turn, no processor) Node runs timers before it reads from sockets, so every time-out would be
 * over although the answer is there.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    let immediate: NodeJS.Immediate | undefined
    const timer = setTimeout(() => {
      immediate = setImmediate(action)
    }, ms)
    return () => {
      clearTimeout(timer)
      clearImmediate(immediate)
    }
  },
}

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

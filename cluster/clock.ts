/**
 * The clock as what runs in the background sees it: time, timers, nothing else.
 *
 * Injected, so that tests let a minute pass in no time.
 */

export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number
  /** Runs `action` once after `ms`. Returns what cancels it. */
  after(ms: number, action: () => void): () => void
}

/** Resolves after `ms`. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve))
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
}

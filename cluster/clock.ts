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

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  },
}

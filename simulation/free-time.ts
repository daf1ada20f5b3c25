/**
 * Lets virtual time pass by itself, as fast as it can, for tests that only wait for promises.
 */
import { Scheduler } from './scheduler.ts'

const STEP_MS = 5

export interface FreeTime {
  readonly scheduler: Scheduler
  readonly stop: () => void
}

export function letTimePass(): FreeTime {
  const scheduler = new Scheduler()
  const stopping = new AbortController()
  const pass = async () => {
    while (!stopping.signal.aborted) {
      await scheduler.runUntil(scheduler.now + STEP_MS)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }
  void pass()
  return { scheduler, stop: () => stopping.abort() }
}

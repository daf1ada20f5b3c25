/**
 * Long work whose turns are counted, for tests that something gives way, however fast the machine is:
 * its time passes by being looked at, so a slice is over after so many steps.
 */
import { systemClock } from '../clock.ts'
import { LongWork, SLICE_MS } from '../long-work.ts'

export const STEPS_PER_TURN = 20

export interface CountedWork {
  readonly work: LongWork
  readonly turns: () => number
}

export function countedWork(): CountedWork {
  let turns = 0
  let now = 0
  const work = new LongWork({
    clock: { ...systemClock, now: () => (now += SLICE_MS / STEPS_PER_TURN) },
    defer: (action) => {
      turns++
      setImmediate(action)
    },
  })
  return { work, turns: () => turns }
}

/**
 * The story of a run: one line per thing that happened, with its virtual time.
 *
 * Told only when somebody reads it (`--seed`): thousands of runs need no text, so a line is given as
 * a function.
 */
import type { Scheduler } from './scheduler.ts'

export interface Story {
  tell(who: string, what: () => string): void
}

export const SILENT: Story = { tell: () => {} }

export function createStory(scheduler: Scheduler, print: (line: string) => void): Story {
  return {
    tell: (who, what) => {
      const time = (scheduler.now / 1000).toFixed(4).padStart(9)
      print(`${time}  ${who.padEnd(8)} ${what()}`)
    },
  }
}

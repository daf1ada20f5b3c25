/** The click parser by itself: records to clicks, with all that the packaged data tell of addresses. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { figure, median } from '../measure.ts'
import type { Scenario } from '../scenario.ts'

const SCRIPT = join(import.meta.dirname, '..', 'click-parsing-process.ts')

interface ClickParsingFigures {
  readonly openMs: number
  /** Clicks per second of CPU time: with empty caches, and in the rounds after that. */
  readonly first: number
  readonly warm: readonly number[]
}

export const clickParsing: Scenario = {
  name: 'click-parsing',
  about: 'clicks parsed on one core, 1,000 agents and 100,000 addresses, in a process of its own',
  async run() {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT])
    const { openMs, first, warm } = JSON.parse(stdout) as ClickParsingFigures
    return [
      {
        name: 'clicks parsed a second of one core',
        goal: { atLeast: 300_000 },
        got: median(warm),
        unit: '/s',
        note: `${figure(first)}/s of the first 200,000; the data were read in ${figure(openMs)} ms`,
      },
    ]
  },
}

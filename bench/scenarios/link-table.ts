/** The link table by itself at four million links: memory, and the time of a look-up amid writes. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LinkTableFigures } from '../link-table.ts'
import { figure } from '../measure.ts'
import type { Scenario } from '../scenario.ts'
import { NODE_OPTIONS } from '../server-process.ts'

const LINKS = 4_000_000
const SCRIPT = join(import.meta.dirname, '..', 'link-table-process.ts')

export const linkTable: Scenario = {
  name: 'link-table',
  about: 'memory and look-up time at 4 million links, in a process of its own',
  async run() {
    const run = promisify(execFile)
    const args = [...NODE_OPTIONS, SCRIPT, String(LINKS)]
    const { stdout } = await run(process.execPath, args)
    const figures = JSON.parse(stdout) as LinkTableFigures
    const { get } = figures
    return [
      {
        name: 'memory over code and URL, 4 million links',
        goal: { atMost: 40 },
        got: figures.bytesOverPayload,
        unit: ' B per link',
        note: `${figure(figures.rssOverPayload)} B by the resident set`,
      },
      {
        name: 'get at 4 million links with 5 % writes, p99.99',
        goal: { atMost: 0.1 },
        got: get.p9999 / 1000,
        unit: ' ms',
        note:
          `p50 ${figure(get.p50)} µs, p99 ${figure(get.p99)} µs, max ${figure(get.max / 1000)} ms; ` +
          `${figure(figures.lookupsPerSecond)} look-ups/s`,
      },
    ]
  },
}

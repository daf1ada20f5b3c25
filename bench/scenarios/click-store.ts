/** The click store by itself at ten million clicks: taking them, questions, export, bytes. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ClickStoreFigures } from '../click-store-process.ts'
import { figure, type Measure } from '../measure.ts'
import type { Scenario } from '../scenario.ts'

const CLICKS = 10_000_000
const SCRIPT = join(import.meta.dirname, '..', 'click-store-process.ts')
const MEBIBYTE = 2 ** 20

export const clickStore: Scenario = {
  name: 'click-store',
  about: 'DuckDB with 10 million clicks of a year, in a process of its own',
  async run(bench) {
    const args = [SCRIPT, join(bench.folder, 'click-store'), String(bench.options.clicks ?? CLICKS)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return measuresOf(JSON.parse(stdout) as ClickStoreFigures)
  },
}

function measuresOf(figures: ClickStoreFigures): Measure[] {
  const { yearByDay, topCountries, lookUp } = figures
  const [oneMillion, fourMillion] = figures.csvPeakBytes
  return [
    {
      name: 'clicks appended a second of one core',
      goal: { atLeast: 100_000 },
      got: figures.appendsPerCpuSecond,
      unit: '/s',
      note: `${figure(figures.appendsPerSecond)}/s by the wall clock`,
    },
    {
      name: 'a year of one link by day',
      goal: { atMost: 100 },
      got: yearByDay.median,
      unit: ' ms',
      note: `best ${figure(yearByDay.best)} ms`,
    },
    {
      name: 'top 10 countries of all links, a month',
      goal: { atMost: 300 },
      got: topCountries.median,
      unit: ' ms',
      note: `best ${figure(topCountries.best)} ms`,
    },
    {
      name: 'clicks of 50 links, as a list shows them',
      got: lookUp.median,
      unit: ' ms',
      note: `best ${figure(lookUp.best)} ms`,
    },
    {
      name: 'a million visits as CSV',
      goal: { atLeast: 200_000 },
      got: figures.csvRowsPerSecond,
      unit: ' rows/s',
      note: `${figure(figures.csvRowsPerCpuSecond)} rows/s of CPU`,
    },
    {
      name: 'memory of four million visits as CSV over that of one million',
      goal: { atMost: 1.1 },
      got: fourMillion / oneMillion,
      unit: '',
      note: `peaks of ${figure(fourMillion / MEBIBYTE)} and ${figure(oneMillion / MEBIBYTE)} MiB`,
    },
    {
      name: 'bytes a click in the store',
      goal: { atMost: 32 },
      got: figures.bytesPerClick,
      unit: ' B',
    },
  ]
}

/**
 * Durable creates at full load: one by one against a bare server that parses the same JSON and
 * keeps nothing, and by bulk against one by one.
 */
import { BulkLoad } from '../bulk-load.ts'
import { runCreates, type LoadResult } from '../load.ts'
import { figure } from '../measure.ts'
import { Rounds } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import { startBareServer } from '../server-process.ts'

const perSecond = (result: LoadResult) => result.perSecond
const cpuMicros = (result: LoadResult) => result.cpuMicros ?? Number.NaN

export const creates: Scenario = {
  name: 'creates',
  about: 'durable creates at full load against a bare server, and bulk against single',
  async run(bench) {
    const { tool, seconds } = bench.options
    const bare = bench.keep(await startBareServer())
    const server = await bench.start({ dataDir: bench.emptyDataDir() })
    const bulk = new BulkLoad(server)
    const rounds = await Rounds.run(bench, [
      { name: 'bare', sample: () => runCreates(tool, bare, seconds) },
      { name: 'single', sample: () => runCreates(tool, server, seconds) },
      { name: 'bulk', sample: () => bulk.run(seconds) },
    ])
    const speed = (name: string) => `${figure(rounds.median(name, perSecond))}/s`
    const cpu = (name: string) => `${figure(rounds.median(name, cpuMicros))} µs`
    return [
      {
        name: 'durable creates, 100 connections, over bare',
        goal: { atLeast: 0.4 },
        got: rounds.ratio('single', 'bare', perSecond),
        unit: '',
        note:
          `${speed('single')} against ${speed('bare')}; ` +
          `CPU ${cpu('single')} against ${cpu('bare')}`,
      },
      {
        name: 'durable creates by bulk of 1,000, links over single creates',
        goal: { atLeast: 5 },
        got: rounds.ratio('bulk', 'single', perSecond),
        unit: '',
        note: `${speed('bulk')}, CPU ${cpu('bulk')} per link`,
      },
    ]
  },
}

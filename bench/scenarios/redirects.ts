/**
 * Redirects at full load against a bare server: throughput, and the server's CPU time for each,
 * with the fast path and without it. A raw server (`raw-server.ts`) shows what is to be had at all.
 */
import { RedirectLoad, type LoadResult } from '../load.ts'
import { figure, type Measure } from '../measure.ts'
import { Rounds } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { startBareServer, startRawServer, type ServerProcess } from '../server-process.ts'

const perSecond = (result: LoadResult) => result.perSecond
const cpuMicros = (result: LoadResult) => result.cpuMicros ?? Number.NaN

export const redirects: Scenario = {
  name: 'redirects',
  about: 'full load against a bare server: throughput and CPU time, fast path on and off',
  async run(bench) {
    const load = new RedirectLoad(bench.options.tool, await bench.visitedLinks(), bench.folder)
    await load.prepare()
    const servers = {
      bare: bench.keep(await startBareServer()),
      raw: bench.keep(await startRawServer()),
      'fast path': await bench.startLoaded(),
      fastify: await bench.startLoaded({ isFastPathOn: false }),
    }
    const rounds = await Rounds.run(bench, contendersOf(bench, servers, load))
    return measuresOf(bench, rounds)
  },
}

function contendersOf(bench: Bench, servers: Record<string, ServerProcess>, load: RedirectLoad) {
  return Object.entries(servers).map(([name, server]) => ({
    name,
    sample: () => load.run(server, bench.options.seconds),
  }))
}

function measuresOf(bench: Bench, rounds: Rounds): Measure[] {
  const speed = (name: string) => `${figure(rounds.median(name, perSecond))}/s`
  const busy = (name: string) =>
    figure(
      rounds.median(name, (result) => (result.perSecond * cpuMicros(result)) / 10_000),
      ' %',
    )
  const cpu = (name: string) => `${figure(rounds.median(name, cpuMicros))} µs`
  const raw = `raw sockets ${figure(rounds.ratio('raw', 'bare', perSecond))} of bare`
  const tool = `by ${bench.options.tool}`
  return [
    {
      name: 'redirects, throughput over bare, fast path on',
      goal: { atLeast: 1.5 },
      got: rounds.ratio('fast path', 'bare', perSecond),
      unit: '',
      note:
        `${speed('fast path')} against ${speed('bare')}, ${tool}; ` +
        `busy ${busy('fast path')} of a core against ${busy('bare')}; ${raw}`,
    },
    {
      name: 'redirects, CPU time over bare, fast path on',
      goal: { atMost: 0.67 },
      got: rounds.ratio('fast path', 'bare', cpuMicros),
      unit: '',
      note: `${cpu('fast path')} against ${cpu('bare')}; raw sockets ${cpu('raw')}`,
    },
    {
      name: 'redirects, throughput over bare, fast path off',
      goal: { atLeast: 0.85 },
      got: rounds.ratio('fastify', 'bare', perSecond),
      unit: '',
      note: `${speed('fastify')}, ${cpu('fastify')}`,
    },
  ]
}

/**
 * Redirects at full load against a bare server: throughput, and the server's CPU time for each,
 * with the fast path and without it. A raw server (`raw-server.ts`) shows what is to be had at all. And codes
 * that were never given, asked of the same server as the others.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { unknownCode } from '../large-data.ts'
import { RedirectLoad, type LoadResult } from '../load.ts'
import { figure, type Measure } from '../measure.ts'
import { Rounds } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { startBareServer, startRawServer, type ServerProcess } from '../server-process.ts'

/** Of codes that were never given, each asked for many times. */
const UNKNOWN_CODES = 100_000

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
    const nothing = await loadOfNothing(bench)
    const unknown = {
      name: 'unknown',
      sample: async () => {
        const result = await nothing.run(servers['fast path'], bench.options.seconds)
        // All of them are to be refused.
        return { ...result, failures: result.requests - result.failures }
      },
    }
    const rounds = await Rounds.run(bench, [...contendersOf(bench, servers, load), unknown])
    return [...measuresOf(bench, rounds), ...measuresOfUnknown(rounds)]
  },
}

async function loadOfNothing(bench: Bench): Promise<RedirectLoad> {
  const links = Array.from({ length: UNKNOWN_CODES }, (_, index) => ({
    code: unknownCode(index),
    url: '',
  }))
  const folder = join(bench.folder, 'unknown')
  await mkdir(folder)
  const load = new RedirectLoad(bench.options.tool, links, folder)
  await load.prepare()
  return load
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

function measuresOfUnknown(rounds: Rounds): Measure[] {
  const figures =
    `${figure(rounds.median('unknown', perSecond))}/s, ` +
    `${figure(rounds.median('unknown', cpuMicros))} µs`
  return [
    {
      name: 'codes never given, throughput over bare, fast path on',
      goal: { atLeast: 0.9 },
      got: rounds.ratio('unknown', 'bare', perSecond),
      unit: '',
      note: figures,
    },
    {
      name: 'codes never given, throughput over redirects, fast path on',
      got: rounds.ratio('unknown', 'fast path', perSecond),
      unit: '',
      note: `CPU time ${figure(rounds.ratio('unknown', 'fast path', cpuMicros))} of theirs`,
    },
  ]
}

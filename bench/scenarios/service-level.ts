/**
 * The promised service level, in open loop: redirects and creates at fixed rates at the same time,
 * latency from the moment a request was due, every answer checked.
 */
import type { VisitedLink } from '../link-set.ts'
import { figure, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { createStream, redirectStream } from '../streams.ts'

/** So that the server's code is compiled before the clock runs. */
const WARM_UP_SECONDS = 5

export const serviceLevel: Scenario = {
  name: 'service-level',
  about: '10,000 redirects/s and 100 creates/s in open loop: latency',
  async run(bench) {
    const [redirects, creates] = await runAtRates(bench, await target(bench), RATES.full)
    return [...latencyOf('redirects, 10,000/s', redirects!, 100, 20), ...createLatency(creates!)]
  },
}

export const mixed: Scenario = {
  name: 'mixed',
  about: '4,000 redirects/s and 40 creates/s: share answered correctly within 100 ms',
  async run(bench) {
    return [shareInTime(await runAtRates(bench, await target(bench), RATES.mixed))]
  },
}

/** One server, or nodes that share the connections, and the links that they have. */
export interface Target {
  readonly ports: readonly number[]
  readonly links: readonly VisitedLink[]
}

/** Per second. */
export const RATES = {
  full: { redirects: 10_000, creates: 100 },
  mixed: { redirects: 4_000, creates: 40 },
} as const

async function target(bench: Bench): Promise<Target> {
  const { port } = await bench.startLoaded()
  return { ports: [port], links: await bench.visitedLinks() }
}

export async function runAtRates(
  bench: Bench,
  { ports, links }: Target,
  rates: { readonly redirects: number; readonly creates: number },
): Promise<StreamResult[]> {
  const streams = () => [redirectStream(links, rates.redirects), createStream(rates.creates)]
  await runOpenLoop(ports, WARM_UP_SECONDS, streams())
  const results = await runOpenLoop(ports, bench.options.serviceSeconds, streams())
  for (const result of results) bench.say(`  ${describe(result)}`)
  return results
}

/** Of the mixed rates. */
export function shareInTime(results: readonly StreamResult[]): Measure {
  const total = results.reduce((sum, result) => sum + result.requests, 0)
  const inTime = results.reduce((sum, result) => sum + result.correctInTime, 0)
  return {
    name: '4,000 redirects/s and 40 creates/s, correct within 100 ms',
    goal: { atLeast: 99.995 },
    got: (inTime * 100) / total,
    unit: ' %',
    note: `${total - inTime} of ${total} were not; ${results.map(describe).join('; ')}`,
  }
}

function latencyOf(
  name: string,
  result: StreamResult,
  p99MsMax: number,
  p999MsMax: number,
): Measure[] {
  return [
    {
      name: `${name}, p99 (promise)`,
      goal: { atMost: p99MsMax },
      got: result.p99Ms,
      unit: ' ms',
      note: describe(result),
    },
    { name: `${name}, p99.9 (goal)`, goal: { atMost: p999MsMax }, got: result.p999Ms, unit: ' ms' },
    {
      name: `${name}, answered wrongly or not`,
      goal: { atMost: 0 },
      got: result.failed,
      unit: '',
    },
  ]
}

function createLatency(result: StreamResult): Measure[] {
  const name = 'creates, 100/s during the redirects'
  return [
    { name: `${name}, p99 (promise)`, goal: { atMost: 1000 }, got: result.p99Ms, unit: ' ms' },
    {
      name: `${name}, p99 (goal)`,
      goal: { atMost: 20 },
      got: result.p99Ms,
      unit: ' ms',
      note: describe(result),
    },
    {
      name: `${name}, answered wrongly or not`,
      goal: { atMost: 0 },
      got: result.failed,
      unit: '',
    },
  ]
}

export function describe(result: StreamResult): string {
  const { p50Ms, p99Ms, p999Ms, maxMs, generatorLateP999Ms, generatorLateMsMax } = result
  const ms = [p50Ms, p99Ms, p999Ms, maxMs].map((value) => figure(value)).join(' / ')
  const late = [generatorLateP999Ms, generatorLateMsMax].map((value) => figure(value)).join(' / ')
  return `${result.requests} in ${ms} ms (p50/p99/p99.9/max), sent ${late} ms late (p99.9/max)`
}

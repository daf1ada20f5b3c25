/** The promised service level, in open loop over the gateways of three nodes. */
import { BenchCluster } from '../bench-cluster.ts'
import { visitedLinks } from '../link-set.ts'
import type { Measure } from '../measure.ts'
import type { StreamResult } from '../open-loop.ts'
import type { Scenario } from '../scenario.ts'
import { describe, RATES, runAtRates, shareInTime } from './service-level.ts'

const LINKS_MAX = 100_000

export const clusterServiceLevel: Scenario = {
  name: 'cluster-service',
  about: 'three nodes: 10,000 redirects/s and 100 creates/s, then 4,000/s and 40/s, in open loop',
  async run(bench) {
    const cluster = await BenchCluster.start(bench, [{}, {}, {}])
    const links = visitedLinks(await cluster.load(Math.min(bench.options.links, LINKS_MAX)))
    const target = { ports: cluster.ports, links }
    const [redirects, creates] = await runAtRates(bench, target, RATES.full)
    const mixed = shareInTime(await runAtRates(bench, target, RATES.mixed))
    return [
      ...promiseOf('redirects, 10,000/s', redirects!, 100),
      ...promiseOf('creates, 100/s during the redirects', creates!, 1000),
      { ...mixed, name: `three nodes: ${mixed.name}` },
    ]
  },
}

function promiseOf(name: string, result: StreamResult, p99MsMax: number): Measure[] {
  return [
    {
      name: `three nodes: ${name}, p99 (promise)`,
      goal: { atMost: p99MsMax },
      got: result.p99Ms,
      unit: ' ms',
      note: describe(result),
    },
    {
      name: `three nodes: ${name}, answered wrongly or not`,
      goal: { atMost: 0 },
      got: result.failed,
      unit: '',
    },
  ]
}

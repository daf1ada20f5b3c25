/**
 * What clicks cost a node of a cluster that redirects: with them against without, in one node by turns, as in
 * `clicks`. Analytics is left out: it is another process.
 */
import { BenchCluster } from '../bench-cluster.ts'
import { visitedLinks } from '../link-set.ts'
import { Rounds } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import type { ServerProcess } from '../server-process.ts'
import { droppedOf, loadOf, onAgainstOff, sampleOf, samplesIn, SWITCHED } from './clicks.ts'

const LINKS_MAX = 20_000

export const clusterClicks: Scenario = {
  name: 'cluster-clicks',
  about: 'full load on a node, with clicks on and off',
  async run(bench) {
    const cluster = await BenchCluster.start(bench, [SWITCHED])
    const links = visitedLinks(await cluster.load(Math.min(bench.options.links, LINKS_MAX)))
    const [server] = cluster.servers as readonly [ServerProcess]
    const load = await loadOf(bench, 'links', links)
    const rounds = await Rounds.run(
      bench,
      [
        { name: 'off', sample: () => sampleOf(server, load, false) },
        { name: 'on', sample: () => sampleOf(server, load, true) },
      ],
      samplesIn(bench),
    )
    return [...onAgainstOff('cluster redirects', rounds), await droppedOf(server)]
  },
}

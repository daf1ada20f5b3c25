/**
 * What clicks cost a node of a cluster that redirects: one node with them against one without.
 *
 * Each is asked for its own links. Analytics is left out, as in `clicks`: it is another process.
 */
import { BenchCluster, type BenchNode } from '../bench-cluster.ts'
import { visitedLinks } from '../link-set.ts'
import { Rounds } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import { droppedOf, loadOf, onAgainstOff, WITH_CLICKS, WITHOUT_CLICKS } from './clicks.ts'

const LINKS_MAX = 20_000

export const clusterClicks: Scenario = {
  name: 'cluster-clicks',
  about: 'full load on a node that notes clicks and on one that does not',
  async run(bench) {
    const cluster = await BenchCluster.start(bench, [{ env: WITH_CLICKS }, { env: WITHOUT_CLICKS }])
    const links = visitedLinks(await cluster.load(Math.min(bench.options.links, LINKS_MAX)))
    const [on, off] = cluster.nodes as readonly [BenchNode, BenchNode]
    const { seconds } = bench.options
    const onLoad = await loadOf(bench, 'on', (await cluster.linksOf(on, links)).own)
    const offLoad = await loadOf(bench, 'off', (await cluster.linksOf(off, links)).own)
    const rounds = await Rounds.run(bench, [
      { name: 'off', sample: () => offLoad.run(off.server, seconds) },
      { name: 'on', sample: () => onLoad.run(on.server, seconds) },
    ])
    return [...onAgainstOff('cluster redirects', rounds), await droppedOf(on.server)]
  },
}

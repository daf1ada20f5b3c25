/**
 * Durable creates by bulk of 1,000 through the log of a cluster, against the embedded way.
 *
 * Between samples the stores catch up, so that none pays for the flush of another's links.
 */
import { BenchCluster } from '../bench-cluster.ts'
import { BulkLoad } from '../bulk-load.ts'
import type { LoadResult } from '../load.ts'
import { figure } from '../measure.ts'
import { Rounds } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import { untilFlushed } from '../server-metrics.ts'

const perSecond = (result: LoadResult) => result.perSecond
const cpuMicros = (result: LoadResult) => result.cpuMicros ?? Number.NaN

export const clusterBulk: Scenario = {
  name: 'cluster-bulk',
  about: 'durable creates by bulk of 1,000 on three nodes against the embedded way',
  async run(bench) {
    const { seconds } = bench.options
    const embedded = await bench.start({ dataDir: bench.emptyDataDir() })
    const cluster = await BenchCluster.start(bench, [{}, {}, {}])
    const ways = { embedded: new BulkLoad(embedded), cluster: new BulkLoad(...cluster.servers) }
    const settle = () => Promise.all([untilFlushed(embedded), cluster.flushed()])
    const sample = async (load: BulkLoad) => {
      const result = await load.run(seconds)
      await settle()
      return result
    }
    const rounds = await Rounds.run(bench, [
      { name: 'embedded', sample: () => sample(ways.embedded) },
      { name: 'cluster', sample: () => sample(ways.cluster) },
    ])
    const speed = (name: string) => `${figure(rounds.median(name, perSecond))}/s`
    const cpu = (name: string) => `${figure(rounds.median(name, cpuMicros))} µs`
    return [
      {
        name: 'cluster creates by bulk of 1,000, links over the embedded way',
        goal: { atLeast: 0.4 },
        got: rounds.ratio('cluster', 'embedded', perSecond),
        unit: '',
        note:
          `${speed('cluster')} against ${speed('embedded')}; CPU of the nodes ` +
          `${cpu('cluster')} against ${cpu('embedded')} per link`,
      },
    ]
  },
}

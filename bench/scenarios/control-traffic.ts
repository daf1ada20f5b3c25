/**
 * What the nodes of a cluster say to each other and to NATS besides the clients' requests: messages and
 * bytes, for clusters of 10, 30 and 100 nodes. Simulated: counts, not times, so any machine will do.
 */
import { CountedCluster, type Counted, type Load } from '../../simulation/control-traffic.ts'
import { figure, type Measure } from '../measure.ts'
import type { Scenario } from '../scenario.ts'

const CLUSTERS = [
  { nodes: 10, partitions: 256 },
  { nodes: 30, partitions: 1024 },
  { nodes: 100, partitions: 4096 },
]
const SECONDS = 3
const LOADS: readonly (readonly [name: string, load: Load])[] = [
  ['idle', {}],
  ['1,000 creates and 1,000 changes/s', { creates: 1_000, changes: 1_000, finds: 2_000 }],
  ['100 lists/s beside 1,000 creates/s', { creates: 1_000, lists: 100 }],
]
/** What clients' requests and links on their way cost is no control traffic. */
const DATA = /^(links\.(?!changed)|hand-off\.)/

export const controlTraffic: Scenario = {
  name: 'control-traffic',
  about: 'what 10, 30 and 100 simulated nodes say to each other and to NATS',
  async run(bench) {
    const measures: Measure[] = []
    for (const options of CLUSTERS) {
      const name = `${options.nodes} nodes, ${options.partitions} partitions`
      bench.say(`${name} ...`)
      const cluster = await CountedCluster.start(options)
      for (const [load, asked] of LOADS) {
        measures.push(
          ...rates(`${name}, ${load}`, options.nodes, await cluster.pass(SECONDS, asked)),
        )
      }
      measures.push(...sums(`${name}, a join`, await cluster.join()))
      measures.push(...sums(`${name}, a leave`, await cluster.leave()))
      measures.push(...sums(`${name}, a kill`, await cluster.kill()))
      const unit = ' B'
      measures.push({ name: `${name}: the table`, got: cluster.tableBytes, unit })
    }
    return measures
  },
}

function rates(name: string, nodes: number, { seconds, kinds }: Counted): Measure[] {
  return [...kinds]
    .filter(([kind]) => !DATA.test(kind))
    .map(([kind, { sent, received, bytes }]) => ({
      name: `${name}: ${kind}`,
      got: (sent + received) / seconds,
      unit: ' messages/s',
      note:
        `${figure(bytes / 1000 / seconds)} kB/s; of each node ${figure(sent / seconds / nodes)} sent ` +
        `and ${figure(received / seconds / nodes)} received`,
    }))
}

function sums(name: string, { seconds, kinds }: Counted): Measure[] {
  return [...kinds]
    .filter(([kind]) => !DATA.test(kind))
    .map(([kind, { sent, received, bytes }]) => ({
      name: `${name}: ${kind}`,
      got: sent + received,
      unit: ' messages',
      note: `${figure(bytes / 1000)} kB in ${figure(seconds)} s`,
    }))
}

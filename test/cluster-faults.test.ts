import { repeatFault, type FaultName } from './cluster-faults.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')

/** Clusters, and what happens in each, so often. `npm run soak` does more of them. */
const stories: readonly [nodes: number, rounds: number, faults: readonly FaultName[]][] = [
  [4, 2, ['the controller is killed', 'two nodes are killed']],
  [2, 2, ['the source of a move is killed', 'the target of a move is killed']],
]

for (const [nodes, rounds, faults] of stories) {
  clusterTest(`${faults.join(', ')} amid requests: nothing acknowledged is lost`, async (t) => {
    t.timeout(300_000)
    const scenario = await startScenario(t, { nodes })
    for (const fault of faults) {
      const times = await repeatFault(fault, rounds, scenario)
      t.log(`${fault}: every partition was writable after ${times.join(', ')} ms`)
    }
    t.deepEqual(await endScenario(t, scenario), [])
  })
}

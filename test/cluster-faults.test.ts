import { repeatFault, type FaultName } from './cluster-faults.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')

/** How often each, and with how many nodes. `npm run soak` does more of them. */
const faults: readonly [name: FaultName, rounds: number, nodes: number][] = [
  ['the controller is killed', 3, 3],
  ['two nodes are killed', 3, 4],
  ['the source of a move is killed', 3, 2],
  ['the target of a move is killed', 3, 2],
]

for (const [name, rounds, nodes] of faults) {
  clusterTest(`${name} amid requests: nothing acknowledged is lost`, async (t) => {
    t.timeout(200_000)
    const scenario = await startScenario(t, { nodes })
    const times = await repeatFault(name, rounds, scenario)
    t.deepEqual(await endScenario(t, scenario), [])
    t.log(`every partition was writable after ${times.join(', ')} ms`)
  })
}

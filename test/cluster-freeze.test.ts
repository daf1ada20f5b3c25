import { repeatFault, type FaultName } from './cluster-faults.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')

const faults: readonly [name: FaultName, rounds: number, nodes: number][] = [
  ['a node freezes and thaws', 3, 3],
  ['the controller freezes and thaws', 2, 3],
]

for (const [name, rounds, nodes] of faults) {
  clusterTest(`${name} amid requests: its writes are refused, its reads not wrong`, async (t) => {
    t.timeout(200_000)
    const scenario = await startScenario(t, { nodes })
    const times = await repeatFault(name, rounds, scenario)
    t.deepEqual(await endScenario(t, scenario), [])
    t.log(`every partition was writable after ${times.join(', ')} ms`)
  })
}

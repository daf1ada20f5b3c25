import { repeatFault, type FaultName } from './cluster-faults.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { testWith } from './services/service-test.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')
const ROUNDS = 2
const FAULTS: readonly FaultName[] = [
  'a node freezes and thaws',
  'the controller freezes and thaws',
]

clusterTest(
  'frozen nodes amid requests: their writes are refused, their reads not wrong',
  async (t) => {
    t.timeout(300_000)
    const scenario = await startScenario(t, { nodes: 3 })
    for (const fault of FAULTS) {
      const times = await repeatFault(fault, ROUNDS, scenario)
      t.log(`${fault}: every partition was writable after ${times.join(', ')} ms`)
    }
    t.deepEqual(await endScenario(t, scenario), [])
  },
)

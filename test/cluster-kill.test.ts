import { repeatFault } from './cluster-faults.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { testWith } from './services/service-test.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')
const ROUNDS = 7
/** Mostly. The goal is 3 s on a machine of one's own; tests share theirs. */
const WRITABLE_MS = 10_000

clusterTest(`${ROUNDS} nodes are killed amid requests: nothing acknowledged is lost`, async (t) => {
  t.timeout(400_000)
  const scenario = await startScenario(t, { nodes: 3, seed: 20261122 })
  const { clients } = scenario
  const times = await repeatFault('a node is killed', ROUNDS, scenario)
  t.deepEqual(await endScenario(t, scenario), [])
  t.log(`every partition was writable after ${times.join(', ')} ms`)
  t.true(median(times) <= WRITABLE_MS)
  t.true(clients.counts.written > ROUNDS * 20)
})

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!
}

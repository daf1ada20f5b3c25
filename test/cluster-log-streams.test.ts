/** A cluster whose log lies in several streams. */
import type { ClusterStatus } from '../cluster/observer/cluster-status.ts'
import { repeatFault } from './cluster-faults.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { Program, temporaryDirectory } from './program.ts'
import { testWith } from './services/service-test.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')
const STREAMS = ['TINYGRID_LOG_0', 'TINYGRID_LOG_1', 'TINYGRID_LOG_2', 'TINYGRID_LOG_3']
const ENV = { TINYGRID_LOG_STREAMS: `${STREAMS.length}` }
const ROUNDS = 2

clusterTest('with several streams nodes are killed amid requests: nothing is lost', async (t) => {
  t.timeout(300_000)
  const scenario = await startScenario(t, { nodes: 3, seed: 20261127, env: ENV })
  const { world } = scenario
  await repeatFault('a node is killed', ROUNDS, scenario)
  t.deepEqual(await endScenario(t, scenario), [])
  const { log } = (await (await world.pick().program.api('/api/cluster')).json()) as ClusterStatus
  t.deepEqual(
    log.streams.map(({ name }) => name),
    STREAMS,
  )
  t.true(log.streams.every(({ bytes }) => bytes > 0))
  t.is(
    log.streams.reduce((sum, { bytes }) => sum + bytes, 0),
    log.bytes!,
  )
  const env = { ...world.services.env, TINYGRID_LOG_LEVEL: 'error' }
  const other = Program.launch({ dataDir: temporaryDirectory(t), env })
  t.is(await other.ended(), 1)
  t.regex(other.output, /TINYGRID_LOG_STREAMS is 1, and the cluster was created with 4, which/)
})

/** A cluster whose log lies in several streams, on three NATS servers. */
import type { ClusterStatus } from '../cluster/observer/cluster-status.ts'
import { repeatFault } from './cluster-faults.ts'
import { untilWritable } from './cluster-probe.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import type { NatsService } from './services/nats-service.ts'
import { testWith } from './services/service-test.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')
const STREAMS = ['TINYGRID_LOG_0', 'TINYGRID_LOG_1', 'TINYGRID_LOG_2', 'TINYGRID_LOG_3']
const ENV = { TINYGRID_LOG_STREAMS: `${STREAMS.length}` }
const WAIT_MS = 60_000

clusterTest('with several streams a node and a leader are killed: nothing is lost', async (t) => {
  t.timeout(300_000)
  const options = { nodes: 3, natsServers: 3, seed: 20261127, env: ENV } as const
  const scenario = await startScenario(t, options)
  const { world, history } = scenario
  const { natsCluster } = world.services
  await repeatFault('a node is killed', 1, scenario)
  let leader: NatsService | undefined
  await until('a stream has a leader', WAIT_MS, async () => {
    leader = await natsCluster.leaderOf(STREAMS[1]!)
    return leader !== undefined
  })
  const over = history.disturb()
  await leader!.kill()
  t.log(`without a leader: writable after ${Math.round(await untilWritable(world, history))} ms`)
  over()
  await leader!.restart()
  await until('all NATS servers have everything', WAIT_MS, async () => {
    const whole = await Promise.all(STREAMS.map((stream) => natsCluster.isWhole(stream)))
    return whole.every((isWhole) => isWhole)
  })
  t.deepEqual(await endScenario(t, scenario), [])
  let log: ClusterStatus['log'] | undefined
  await until('the log has told of itself', WAIT_MS, async () => {
    const response = await world.pick().program.api('/api/cluster')
    log = ((await response.json()) as ClusterStatus).log
    return log.streams.length > 0
  })
  const { streams, bytes: bytesOfAll } = log!
  t.deepEqual(
    streams.map(({ name }) => name),
    STREAMS,
  )
  t.true(streams.every(({ bytes }) => bytes > 0))
  t.is(
    streams.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesOfAll!,
  )
  const env = { ...world.services.env, TINYGRID_LOG_LEVEL: 'error' }
  const other = Program.launch({ dataDir: temporaryDirectory(t), env })
  t.is(await other.ended(), 1)
  t.regex(other.output, /TINYGRID_LOG_STREAMS is 1, and the cluster was created with 4, which/)
})

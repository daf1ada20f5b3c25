import type { ExecutionContext } from 'ava'
import { endEverything, endServer } from './cluster-outages.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const OUTAGE_MS = 4_000
/** Longer than all of the store's own time-outs. `npm run soak` has a longer one. */
const MONGO_OUTAGE_MS = 20_000
/** Written before something happens. */
const WRITTEN_MIN = 200
const WRITE_MS_MAX = 60_000
/** Done by the clients in an outage that does not stop them. */
const DONE_MIN = 20
/** Less than a hand-over may take. */
const STOP_MS_MAX = 60_000

clusterTest('Redis and MongoDB are killed and started again: no request fails', async (t) => {
  t.timeout(300_000)
  const { scenario, clients } = await startWritten(t)
  await endServer(scenario, 'redis', OUTAGE_MS)
  const before = clients.counts.written
  await endServer(scenario, 'mongo', MONGO_OUTAGE_MS)
  t.true(clients.counts.written - before > DONE_MIN, 'writes go on')
  t.deepEqual(await endScenario(t, scenario), [])
  t.deepEqual(clients.failures, [])
})

clusterTest(
  'NATS is killed, then everything: reads go on without NATS, writes wait, nothing is lost',
  async (t) => {
    t.timeout(300_000)
    const { scenario, clients } = await startWritten(t)
    for (const outageMs of [0, OUTAGE_MS]) {
      const before = clients.counts.read
      const writableMs = await endServer(scenario, 'nats', outageMs)
      const read = clients.counts.read - before
      t.true(outageMs === 0 || read > DONE_MIN, `only ${read} redirects in the outage`)
      t.log(`writable ${Math.round(writableMs)} ms after the start of NATS`)
    }
    await endEverything(scenario)
    t.deepEqual(await endScenario(t, scenario), [])
  },
)

clusterTest('NATS hangs, and a node that is told to stop ends in order all the same', async (t) => {
  t.timeout(200_000)
  const env = { TINYGRID_STOP_TIMEOUT: '120000' }
  const world = await ClusterWorld.start(t, { nodes: 2, env })
  world.services.nats.freeze()
  const node = world.nodes[1]!
  t.is(await world.terminate(node, STOP_MS_MAX), 0, node.program.output)
  t.regex(node.program.output, /NATS cannot be reached: the others open from the log/)
  world.services.nats.thaw()
})

async function startWritten(t: ExecutionContext) {
  const scenario = await startScenario(t, { nodes: 3 })
  const { clients } = scenario
  await until('links are there', WRITE_MS_MAX, () => clients.counts.written > WRITTEN_MIN)
  return { scenario, clients }
}

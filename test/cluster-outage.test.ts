import { untilWritable } from './cluster-probe.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { pause } from './deadline.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const OUTAGE_MS = 4_000
/** Longer than all of the store's own time-outs. `npm run soak` has longer ones. */
const MONGO_OUTAGE_MS = 20_000

clusterTest('NATS is killed and started again: reads go on, writes wait', async (t) => {
  t.timeout(200_000)
  const scenario = await startScenario(t, { nodes: 3 })
  const { world, history, clients } = scenario
  await untilWritable(world, history)
  for (const outageMs of [0, OUTAGE_MS]) {
    const over = history.disturb()
    await world.services.nats.kill()
    const before = { ...clients.counts }
    await pause(outageMs)
    const read = clients.counts.read - before.read
    if (outageMs > 0) t.true(read > 100, `${read} redirects during the outage`)
    await world.services.nats.restart()
    t.log(`writable ${Math.round(await untilWritable(world, history))} ms after the start of NATS`)
    over()
  }
  t.deepEqual(await endScenario(t, scenario), [])
})

clusterTest('Redis is killed and started again: no request fails', async (t) => {
  t.timeout(200_000)
  const scenario = await startScenario(t, { nodes: 3 })
  const { world, history, clients } = scenario
  await untilWritable(world, history)
  await world.services.redis.kill()
  await pause(OUTAGE_MS)
  await world.services.redis.restart()
  await untilWritable(world, history)
  t.deepEqual(await endScenario(t, scenario), [])
  t.deepEqual(clients.failures, [])
})

clusterTest('MongoDB is killed amid requests, and drained when it is back', async (t) => {
  t.timeout(300_000)
  const scenario = await startScenario(t, { nodes: 3 })
  const { world, history, clients } = scenario
  await untilWritable(world, history)
  await world.services.mongo.kill()
  const before = clients.counts.written
  await pause(MONGO_OUTAGE_MS)
  t.true(clients.counts.written - before > 200, 'writes go on')
  await world.services.mongo.restart()
  t.deepEqual(await endScenario(t, scenario), [])
  t.deepEqual(clients.failures, [])
})

clusterTest('everything is killed at once and started again: nothing is lost', async (t) => {
  t.timeout(200_000)
  const scenario = await startScenario(t, { nodes: 3 })
  const { world, history } = scenario
  await untilWritable(world, history)
  const over = history.disturb()
  await world.killAll()
  await world.services.restart()
  await world.addNodes(3)
  await untilWritable(world, history)
  over()
  t.deepEqual(await endScenario(t, scenario), [])
})

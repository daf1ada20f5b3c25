import { untilWritable } from './cluster-probe.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import { serialTestWith } from './services/service-test.ts'
import {
  followSpecialLinks,
  makeSpecialLinks,
  purgeSpecialLinks,
  SPECIAL_ENV,
} from './special-links.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
/** Load balancers ask so often whether a node is ready. */
const env = { TINYGRID_STOP_DELAY: '200' }

clusterTest('a node joins and leaves amid requests, and none of them fails', async (t) => {
  t.timeout(200_000)
  const scenario = await startScenario(t, { nodes: 3, env: { ...env, ...SPECIAL_ENV } })
  const { world, history, clients } = scenario
  await untilWritable(world, history)
  await makeSpecialLinks(t, world.nodes[0]!.program)
  const followed = async () => {
    for (const { program } of world.nodes) await followSpecialLinks(t, program)
  }
  await followed()
  const joined = await world.addNode()
  await world.settled()
  await followed()
  t.is(await world.stop(joined), 0, joined.program.output)
  await world.settled()
  await followed()
  await purgeSpecialLinks(t, world.nodes[0]!.program)
  t.deepEqual(await endScenario(t, scenario), [])
  t.deepEqual(clients.failures, [])
})

clusterTest('all three nodes are restarted in turn, and no request fails', async (t) => {
  t.timeout(200_000)
  const scenario = await startScenario(t, { nodes: 3, env })
  const { world, history, clients } = scenario
  await untilWritable(world, history)
  for (const node of world.nodes) {
    t.is(await world.stop(node), 0, node.program.output)
    await world.addNode()
    await world.settled()
  }
  t.deepEqual(await endScenario(t, scenario), [])
  t.deepEqual(clients.failures, [])
})

import type { ExecutionContext } from 'ava'
import { startCommand } from '../cli/testing/command-process.ts'
import { untilWritable } from './cluster-probe.ts'
import { endScenario, startScenario } from './cluster-scenario.ts'
import type { ClusterNode, ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import { API_KEY } from './program.ts'
import { testWith } from './services/service-test.ts'
import {
  followSpecialLinks,
  makeSpecialLinks,
  purgeSpecialLinks,
  SPECIAL_ENV,
} from './special-links.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')
const ASK_MS_MAX = 120_000
/** Load balancers ask so often whether a node is ready. */
const env = { TINYGRID_STOP_DELAY: '200' }

clusterTest(
  'a node joins, is drained and leaves, all others are restarted in turn, and no request fails',
  async (t) => {
    t.timeout(400_000)
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
    await drained(t, world, joined)
    await followed()
    const stop = () => untilAsked(world, joined, '--stop', '--no-wait')
    t.is(await world.stop(joined, stop), 0, joined.program.output)
    await world.settled()
    await followed()
    await purgeSpecialLinks(t, world.nodes[0]!.program)
    for (const node of world.nodes) {
      t.is(await world.stop(node), 0, node.program.output)
      await world.addNode()
      await world.settled()
    }
    t.deepEqual(await endScenario(t, scenario), [])
    t.deepEqual(clients.failures, [])
  },
)

/** It gives away what it has and stays, and then takes its share again. */
async function drained(t: ExecutionContext, world: ClusterWorld, node: ClusterNode): Promise<void> {
  await untilAsked(world, node)
  const listed = await tinygrid(world, 'nodes').ended
  t.regex(listed.stdout, new RegExp(`^${node.id} +drained +true +\\S+ +0 `, 'm'))
  t.regex(listed.stdout, /^n1 +active /m)
  await untilAsked(world, node, '--undo')
  await world.settled()
}

/** A machine that stands still answers late: it is asked again. */
async function untilAsked(world: ClusterWorld, node: ClusterNode, ...flags: readonly string[]) {
  await until(`drain ${node.id} ${flags.join(' ')}`, ASK_MS_MAX, async () => {
    return (await tinygrid(world, 'drain', node.id, ...flags).ended).exitCode === 0
  })
}

/** Asks another node than those that come and go. */
function tinygrid(world: ClusterWorld, ...args: readonly string[]) {
  const server = { TINYGRID_URL: world.nodes[0]!.program.url, TINYGRID_API_KEY: API_KEY }
  return startCommand('tinygrid', args, '', server)
}

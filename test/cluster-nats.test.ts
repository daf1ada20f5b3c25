/**
 * Three NATS servers under a cluster amid requests: each may be lost, cut off or replaced. Nothing that was
 * acknowledged is lost, redirects go on, and every partition takes writes again.
 */
import type { ExecutionContext } from 'ava'
import type { ClusterStatus, Durability } from '../cluster/observer/cluster-status.ts'
import { untilWritable } from './cluster-probe.ts'
import { endScenario, startScenario, type Scenario } from './cluster-scenario.ts'
import type { ClusterNode } from './cluster-world.ts'
import { pause, until } from './deadline.ts'
import type { NatsService } from './services/nats-service.ts'
import { OwnNetwork } from './services/own-network.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const STREAMS = ['TINYGRID_LOG', 'KV_tinygrid', 'TINYGRID_DEAD_LETTERS', 'TINYGRID_CLICKS']
const LOG = 'TINYGRID_LOG'
const BUCKET = 'KV_tinygrid'
const WAIT_MS = 60_000
/** Redirects that are answered while a server is away. */
const READ_MIN = 20
/** How long a server is cut off: servers notice after 10 s that they have lost the others. */
const CUT_OFF_MS = 3_000
const THREE = { nodes: 3, natsServers: 3 } as const

clusterTest('NATS servers are killed, upgraded one by one, and all restarted', async (t) => {
  t.timeout(300_000)
  const scenario = await startScenario(t, THREE)
  const { nats } = await begun(scenario)
  for (const stream of [LOG, BUCKET]) {
    const leader = await nats.ledBy(stream)
    await without(t, scenario, `the leader of ${stream}`, () => leader.kill())
    await back(scenario, leader)
  }
  const leaders = await Promise.all([LOG, BUCKET].map((stream) => nats.ledBy(stream)))
  const follower = nats.servers.find((server) => !leaders.includes(server))
  // One may lead both, or each one of the two; then the third follows in both.
  const asked = scenario.world.pick()
  await untilCopies(asked, 3)
  await without(t, scenario, 'a follower', () => follower!.kill())
  const durability = await untilCopies(asked, 2)
  t.like(durability, { replicas: 3, storage: 'file', syncsBeforeAnswer: false })
  t.regex(durability.description, /2 of 3 copies have it, on disk; /)
  await back(scenario, follower!)
  await untilCopies(asked, 3)
  const { failures } = scenario.clients
  const failedBefore = failures.length
  for (const server of nats.servers) {
    await without(t, scenario, 'one that retires', () => server.retire())
    await back(scenario, server)
  }
  t.log(`requests that failed in the upgrade: ${failures.length - failedBefore}`)
  await restarted(scenario)
  t.deepEqual(await endScenario(t, scenario), [])
})

clusterTest('a NATS server that leads is cut off from all others', async (t) => {
  t.timeout(300_000)
  const network = OwnNetwork.open()
  t.teardown(() => network?.close())
  if (network === undefined) t.log('no network of its own can be made here: it is frozen instead')
  const scenario = await startScenario(t, { ...THREE, ...(network !== undefined && { network }) })
  const { nats } = await begun(scenario)
  const last = nats.servers.at(-1)!
  for (const stream of [LOG, BUCKET]) {
    await until('it leads', WAIT_MS, () => nats.lead(stream, last))
  }
  await without(t, scenario, 'the leader, cut off', async () => {
    if (network === undefined) last.freeze()
    else network.cut()
    await pause(CUT_OFF_MS)
  })
  if (network === undefined) last.thaw()
  else network.mend()
  await whole(scenario)
  t.deepEqual(await endScenario(t, scenario), [])
})

/** Links are there. */
async function begun({ world, history }: Scenario) {
  await untilWritable(world, history)
  return { nats: world.services.natsCluster }
}

/** Writes wait until every partition takes them, and redirects go on. */
async function without(
  t: ExecutionContext,
  { world, history, clients }: Scenario,
  whom: string,
  take: () => Promise<void>,
): Promise<void> {
  const over = history.disturb()
  const { read } = clients.counts
  const startedAt = performance.now()
  await take()
  await untilWritable(world, history)
  t.log(`without ${whom}: writable after ${Math.round(performance.now() - startedAt)} ms`)
  over()
  await until('redirects go on', WAIT_MS, () => clients.counts.read >= read + READ_MIN)
}

/** All are killed at once, and started in another order. */
async function restarted(scenario: Scenario): Promise<void> {
  const { world, history } = scenario
  const { servers } = world.services.natsCluster
  const over = history.disturb()
  await Promise.all(servers.map((server) => server.kill()))
  for (const server of servers.toReversed()) await server.restart()
  await untilWritable(world, history)
  over()
  await whole(scenario)
}

async function back(scenario: Scenario, server: NatsService): Promise<void> {
  await server.restart()
  await whole(scenario)
}

/** All servers have all there is: the next one may go. */
async function whole({ world }: Scenario): Promise<void> {
  await until('all NATS servers have everything', WAIT_MS, async () => {
    const all = STREAMS.map((stream) => world.services.natsCluster.isWhole(stream))
    return (await Promise.all(all)).every((isWhole) => isWhole)
  })
}

/** What a node says of its log, once so many copies have everything. */
async function untilCopies({ program }: ClusterNode, copies: number): Promise<Durability> {
  let told: Durability | undefined
  await until(`${copies} copies are told`, WAIT_MS, async () => {
    const response = await program.api('/api/cluster')
    told = ((await response.json()) as ClusterStatus).log.durability
    return told.replicasCurrent === copies && told.syncsBeforeAnswer !== null
  })
  return told!
}

import test from 'ava'
import { Compile } from 'typebox/schema'
import type { ClusterStatus } from '../cluster/observer/cluster-status.ts'
import type { NodeId } from '../links/ids.ts'
import { clusterSchema } from '../gateway/api/cluster-route.ts'
import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { testWith } from './services/service-test.ts'

/*
 * `GET /api/cluster` of real nodes: what it tells, and that it tells through everything.
 */

const clusterTest = testWith('nats', 'redis', 'mongo')
const schema = Compile(clusterSchema)
/** A frozen node and frozen servers are waited for 300 ms, all at once. */
const MEDIAN_ANSWER_MS_MAX = 1_000
const SHOWN_MS_MAX = 20_000

interface Told {
  readonly status: ClusterStatus
  readonly tookMs: number
}

async function ask(program: Program): Promise<Told> {
  const began = performance.now()
  const response = await program.api('/api/cluster')
  const status = (await response.json()) as ClusterStatus
  return { status, tookMs: performance.now() - began }
}

clusterTest('each node tells the same of the cluster, as it is described', async (t) => {
  const world = await ClusterWorld.start(t, { nodes: 2 })
  const code = world.newCode()
  t.is((await world.pick().program.create({ url: 'https://example.com/', code })).status, 201)
  let told: readonly Told[] = []
  await until('the nodes know each other’s numbers', SHOWN_MS_MAX, async () => {
    told = await Promise.all(world.nodes.map(({ program }) => ask(program)))
    return told.every(({ status }) => status.nodes.every(({ numbers }) => numbers !== null))
  })
  for (const { status } of told) {
    t.deepEqual(schema.Errors(status)[1], [])
    t.deepEqual(status.table, told[0]!.status.table)
    t.deepEqual(
      status.nodes.map(({ id, isAlive, partitionsOwned }) => [id, isAlive, partitionsOwned]),
      [
        ['n1', true, 128],
        ['n2', true, 128],
      ],
    )
    t.is(
      status.nodes.reduce((sum, { numbers }) => sum + numbers!.linksInMemory, 0),
      1,
    )
    t.is(status.nodes.filter(({ isController }) => isController).length, 1)
    t.deepEqual(
      status.servers.map(({ name, isReachable }) => [name, isReachable]),
      [
        ['NATS', true],
        ['MongoDB', true],
        ['Redis', true],
      ],
    )
    t.like(status.log, { kind: 'jetstream', durability: { replicas: 1, replicasCurrent: 1 } })
    t.like(status.log.streams, [{ name: 'TINYGRID_LOG', bytes: status.log.bytes! }])
  }
  for (const { id, program } of world.nodes) {
    const { status } = told[0]!
    t.is(status.nodes.find((node) => node.id === id)!.url, program.url)
    t.is(
      status.servers.find(({ name }) => name === 'NATS')!.address,
      `127.0.0.1:${world.services.nats.port}`,
    )
  }
})

clusterTest(
  'a key that one node made opens every other one, until any of them revokes it',
  async (t) => {
    const world = await ClusterWorld.start(t, { nodes: 2 })
    const [one, two] = world.nodes.map(({ program }) => program) as [Program, Program]
    const json = { name: 'A colleague', role: 'read' }
    const reply = await one.api('/api/keys', { method: 'POST', json })
    t.is(reply.status, 201)
    const { id, key } = (await reply.json()) as { id: string; key: string }
    const as = { headers: { 'x-api-key': key } }
    await until('the other node knows the key', SHOWN_MS_MAX, async () => {
      return (await fetch(`${two.url}/api/links`, as)).status === 200
    })
    t.is((await fetch(`${two.url}/api/keys`, as)).status, 403)
    const events = await fetch(`${one.url}/api/events`, as)
    t.is(events.status, 200)
    t.is((await two.api(`/api/keys/${id}`, { method: 'DELETE' })).status, 204)
    const revokedAt = performance.now()
    t.regex(await events.text(), /^event: error\ndata: .*key_ended/m)
    t.log(
      `the stream on the other node ended after ${Math.round(performance.now() - revokedAt)} ms`,
    )
    t.is((await fetch(`${one.url}/api/links`, as)).status, 401)
    t.is((await fetch(`${two.url}/api/links`, as)).status, 401)
  },
)

clusterTest('moves are told with how long writes waited', async (t) => {
  const world = await ClusterWorld.start(t, { nodes: 1 })
  const { program } = world.pick()
  await world.addNodes(1)
  await until('the moves are over here too', SHOWN_MS_MAX, async () => {
    return (await ask(program)).status.moves.underWay.length === 0
  })
  const { done } = (await ask(program)).status.moves
  const moves = done.filter(({ from }) => from === 'n1')
  t.is(moves.length, 128)
  for (const { to, waitMs } of moves) {
    t.is(to, 'n2' as NodeId)
    t.true(waitMs !== null && waitMs >= 0)
  }
  const metrics = await (await program.api('/metrics')).text()
  t.regex(metrics, /^tinygrid_hand_overs_total 128$/m)
  t.regex(metrics, /^tinygrid_nodes 2$/m)
})

clusterTest('it is told in time while a node is frozen and the servers die', async (t) => {
  const world = await ClusterWorld.start(t, { nodes: 2 })
  const [seen, frozen] = world.nodes as [(typeof world.nodes)[0], (typeof world.nodes)[0]]
  const { redis, mongo, nats } = world.services
  world.freeze(frozen)
  const first = await ask(seen.program)
  t.is(first.status.nodes.find(({ id }) => id === frozen.id)!.numbers, null)
  const times = [first.tookMs]
  for (const [name, server] of [
    ['Redis', redis],
    ['MongoDB', mongo],
    ['NATS', nats],
  ] as const) {
    server.freeze()
    await until(`${name} is told to be away`, SHOWN_MS_MAX, async () => {
      const { status, tookMs } = await ask(seen.program)
      t.deepEqual(schema.Errors(status)[1], [])
      times.push(tookMs)
      return !status.servers.find((one) => one.name === name)!.isReachable
    })
  }
  await until('the lease is told to be old', SHOWN_MS_MAX, async () => {
    const { status } = await ask(seen.program)
    const self = status.nodes.find(({ id }) => id === seen.id)!
    return !self.isAlive && self.numbers!.isFenced
  })
  for (const server of [redis, mongo, nats]) server.thaw()
  await until('all is told to be well again', SHOWN_MS_MAX, async () => {
    const { status } = await ask(seen.program)
    const self = status.nodes.find(({ id }) => id === seen.id)!
    return self.isAlive && status.servers.every(({ isReachable }) => isReachable)
  })
  const median = times.sort((one, other) => one - other)[Math.floor(times.length / 2)]!
  t.true(median < MEDIAN_ANSWER_MS_MAX, `half of the answers took ${median} ms`)
})

test('a process alone tells of itself alike', async (t) => {
  const program = await Program.start({ dataDir: temporaryDirectory(t) })
  t.teardown(async () => void (await program.stop()))
  const { status } = await ask(program)
  t.deepEqual(schema.Errors(status)[1], [])
  t.is(status.mode, 'embedded')
  t.like(status.nodes[0], { id: status.nodeId, isController: true, partitionsOwned: 256 })
  t.is(status.nodes[0]!.url, program.url)
  t.is(new Set(status.table.rows.map(([owner, , target]) => `${owner} ${target}`)).size, 1)
  t.deepEqual(status.servers, [])
  t.like(status.log, { kind: 'lmdb', durability: { syncsBeforeAnswer: true } })
})

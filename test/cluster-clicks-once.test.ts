import type { ExecutionContext } from 'ava'
import { JetStreamClickReader } from '../clicks/log/jetstream-click-reader.ts'
import { connectPatiently } from '../cluster/testing/patient-connection.ts'
import { namesOf } from '../cluster/nats/namespace.ts'
import { systemClock } from '../links/clock.ts'
import { commit, numbersOf } from './click-faults.ts'
import { ClickHistory, holesIn, nameOf, storedVisits, visitsIn } from './click-history.ts'
import { ClusterWorld, type ClusterNode } from './cluster-world.ts'
import { pause, until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { testWith } from './services/service-test.ts'

/*
 * Each click of a cluster once, whoever is killed or frozen: nodes, the node that stores clicks, its analytics
 * process, and NATS, which keeps their log.
 */

const clusterTest = testWith('nats', 'redis', 'mongo')
const PATIENCE_MS = 60_000
const CLIENTS = 3
const STEP_MS = 300
/** Longer than an append waits for its answer: each is in doubt, and tried again. */
const NATS_FROZEN_MS = 2_500
/** What visits of the link are called whose clicks are deleted while nobody is there to do it. */
const GONE = 'gone'
const GONE_VISITS = 5

clusterTest('the store of a cluster has what its log has, whoever dies', async (t) => {
  t.timeout(300_000)
  const world = await ClusterWorld.start(t, { nodes: 2 })
  const code = world.newCode()
  t.is((await world.pick().program.create({ url: 'https://example.com/', code })).status, 201)
  const gone = await visitedLink(world)
  const dataDir = temporaryDirectory(t)
  let storing = await startStoring(t, world, dataDir)
  const clients = new Clients(code)
  const [first, second] = world.nodes as [ClusterNode, ClusterNode]
  for (const node of [first, second]) clients.follow(node.program)

  await pause(STEP_MS)
  await commit('kill analytics', storing)
  await commit('freeze node', first.program)
  world.services.nats.freeze()
  await pause(NATS_FROZEN_MS)
  world.services.nats.thaw()
  await commit('freeze analytics', storing)
  await storing.kill()
  await until('the deletion is promised', PATIENCE_MS, async () => {
    const init = { method: 'DELETE' }
    return (await second.program.api(`/api/links/${gone}/clicks`, init)).status === 202
  })
  await pause(STEP_MS)
  await world.kill(first)
  storing = await startStoring(t, world, dataDir)
  await commit('kill analytics', storing)
  await until('the other one redirects', PATIENCE_MS, () => clients.isAnsweredBy(second.program))
  await clients.end()

  t.is(await world.terminate(second), 0)
  await until('all that is logged is stored', PATIENCE_MS, async () => {
    const { analytics_ready: isReady, clicks_lag_batches: lag } = await numbersOf(storing)
    return isReady === 1 && lag === 0
  })
  t.is(await storing.stop(), 0, storing.output)
  const all = await loggedIn(world)
  const logged = all.filter((visit) => !nameOf(visit).startsWith(GONE))
  t.is(all.length - logged.length, GONE_VISITS)
  t.deepEqual(await storedVisits(dataDir), logged)
  const names = logged.map(nameOf)
  const inLog = new Set(names)
  t.is(inLog.size, names.length, 'a visit counts twice')
  t.true(clients.hasBegun(names))
  for (const visits of clients.answeredBy(first.program)) t.is(holesIn(visits, inLog), 0)
  const kept = clients.answeredBy(second.program).flat()
  t.deepEqual(
    kept.filter((name) => !inLog.has(name)),
    [],
  )
  t.log(`${names.length} logged, ${kept.length} answered by the node that was stopped`)
})

/** A link whose clicks are logged, and stored by nobody yet. */
async function visitedLink(world: ClusterWorld): Promise<string> {
  const { program } = world.nodes[1]!
  const code = world.newCode()
  await program.create({ url: 'https://example.com/', code })
  for (let visit = 0; visit < GONE_VISITS; visit++) {
    await program.visit(`${code}?utm_source=${GONE}${visit}`)
  }
  return code
}

/** Clients of each node, who begin again after an answer that was none. */
class Clients {
  readonly #code: string
  readonly #end = new AbortController()
  readonly #histories = new Map<Program, ClickHistory>()
  readonly #running: Promise<void>[] = []

  constructor(code: string) {
    this.#code = code
  }

  follow(program: Program): void {
    const history = new ClickHistory(`n${this.#histories.size}`)
    this.#histories.set(program, history)
    for (let count = 0; count < CLIENTS; count++) {
      this.#running.push(this.#follow(history, program))
    }
  }

  answeredBy(program: Program): readonly (readonly string[])[] {
    return this.#histories.get(program)!.answered
  }

  /** Again, after now. */
  async isAnsweredBy(program: Program): Promise<boolean> {
    const before = this.answeredBy(program).flat().length
    await pause(STEP_MS)
    return this.answeredBy(program).flat().length > before
  }

  hasBegun(names: readonly string[]): boolean {
    const histories = [...this.#histories.values()]
    return names.every((name) => histories.some(({ begun }) => begun.has(name)))
  }

  async end(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#running)
  }

  async #follow(history: ClickHistory, program: Program): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      await history.visit(program, this.#code, signal)
      await pause(STEP_MS)
    }
  }
}

/** A node that has no partition, and stores the clicks of all. */
async function startStoring(t: ExecutionContext, world: ClusterWorld, dataDir: string) {
  const env = { ...world.env, TINYGRID_NODE_ID: 'storing', TINYGRID_ROLES: 'gateway,analytics' }
  const program = await Program.start({ dataDir, env })
  t.teardown(() => program.kill())
  return program
}

async function loggedIn({ services }: ClusterWorld): Promise<string[]> {
  const namespace = 'tinygrid'
  const { url } = services.nats
  const connection = await connectPatiently({ url, name: 'scenario', ...namesOf(namespace) })
  try {
    return await visitsIn(new JetStreamClickReader({ connection, namespace, clock: systemClock }))
  } finally {
    await connection.close()
  }
}

import type { ExecutionContext } from 'ava'
import { endScenario, startScenario } from './cluster-scenario.ts'
import type { ClusterWorld } from './cluster-world.ts'
import { pause, until } from './deadline.ts'
import { NodeSet } from './kubernetes/node-set.ts'
import { environmentOf, withSecrets } from './kubernetes/pod-environment.ts'
import {
  nodeContainerOf,
  renderManifests,
  statefulSetsOf,
  type KubeObject,
} from './kubernetes/rendered-manifests.ts'
import { Program, temporaryDirectory } from './program.ts'
import { serialTestWith } from './services/service-test.ts'

/*
 * What Kubernetes does to nodes, done to processes: with the settings, probes, preStop and grace period that the
 * manifests have.
 */

const clusterTest = serialTestWith('nats', 'redis', 'mongo', 'manifests')
const PATIENCE_MS = 60_000
/** It goes on for a minute, and what was written is compared in the end. */
const LOAD = { writers: 2, readers: 2 }
const VISITORS = 2
/** Of the analytics node; it has nothing to hand over. */
const GRACE_MS = 55_000
const VISIT_PAUSE_MS = 20
const CODE = 'visited'
/** Of the manifests' settings, those that are of a machine or of servers. */
const OF_THE_PLACE = /^(HOST|PORT|TINYGRID_(DATA_DIR|API_KEY|LOG_REPLICAS)|\w+_(URL|PASSWORD))$/

clusterTest(
  'from one node to three, updated, to five and back to one: nothing fails or is lost',
  async (t) => {
    t.timeout(400_000)
    const beganAt = performance.now()
    const objects = withSecrets(renderManifests('cluster')[0]!.objects)
    const env = settingsOf(objects, 'tinygrid')
    const scenario = await startScenario(t, { nodes: 1, env }, LOAD)
    const { world, history, clients } = scenario
    const settings = settingsOf(objects, 'tinygrid-analytics')
    const startAnalytics = analyticsOf(t, world, settings)
    let analytics = await startAnalytics()
    const nodes = new NodeSet(world, statefulSetsOf(objects).get('tinygrid')!)
    t.teardown(() => nodes.close())
    const visitors = await startVisitors(world)
    for (const replicas of [3, 5, 1]) {
      await nodes.scale(replicas)
      if (replicas === 3) {
        const [, code] = await Promise.all([nodes.update(), analytics.stop(GRACE_MS)])
        t.is(code, 0, analytics.output)
        analytics = await startAnalytics()
      }
      t.log(`${replicas} nodes after ${Math.round(performance.now() - beganAt)} ms`)
    }
    t.is(world.nodes.length, 1)
    const visits = await visitors.stop()
    await until('every visit is counted, once', PATIENCE_MS, async () => {
      return (await clicksAt(analytics)) === visits
    })
    await analytics.api(`/api/links/${CODE}?purge=true`, { method: 'DELETE' })
    t.deepEqual(await endScenario(t, scenario), [])
    t.deepEqual([...clients.failures, ...visitors.failures, ...nodes.faults], [])
    t.true(clients.counts.written > 0 && history.codes.length > 0 && visits > 0)
    t.log(`${visits} visits; ended after ${Math.round(performance.now() - beganAt)} ms`)
  },
)

function settingsOf(objects: readonly KubeObject[], set: string): Record<string, string> {
  const container = nodeContainerOf(statefulSetsOf(objects).get(set)!)
  const settings = Object.entries(environmentOf(container, objects))
  return Object.fromEntries(settings.filter(([name]) => !OF_THE_PLACE.test(name)))
}

/** Starts it beside the nodes, as in the manifests: no visitor is sent there. */
function analyticsOf(
  t: ExecutionContext,
  world: ClusterWorld,
  settings: Readonly<Record<string, string>>,
): () => Promise<Program> {
  const dataDir = temporaryDirectory(t)
  const env = { ...world.env, ...settings, TINYGRID_NODE_ID: 'analytics' }
  return async () => {
    const program = await Program.start({ dataDir, env })
    t.teardown(() => program.kill())
    return program
  }
}

/** They follow one link, that nobody changes, at any node that takes requests. */
async function startVisitors(world: ClusterWorld) {
  const url = 'https://example.com/'
  const made = await world.pick().program.create({ url, code: CODE })
  const failures: string[] = made.status === 201 ? [] : [`${made.status} for the link`]
  let visits = 0
  const end = new AbortController()
  const visit = async () => {
    while (!end.signal.aborted) {
      if (world.isUp) {
        const { id, program } = world.pick()
        const status = await program.visit(CODE).then(
          (response) => response.status,
          (error: unknown) => String((error as Error).cause ?? error),
        )
        if (status === 302) visits++
        else failures.push(`${status} for a visit at ${id}`)
      }
      await pause(VISIT_PAUSE_MS)
    }
  }
  const running = Promise.all(Array.from({ length: VISITORS }, visit))
  const stop = async () => {
    end.abort()
    await running
    return visits
  }
  return { failures, stop }
}

async function clicksAt(program: Program): Promise<number | undefined> {
  const response = await program.api(`/api/links/${CODE}/stats`)
  if (response.status !== 200) return undefined
  const { totals } = (await response.json()) as { totals: { clicks: number } }
  return totals.clicks
}

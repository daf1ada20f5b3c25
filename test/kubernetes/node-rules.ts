/**
 * Rules for the nodes of the manifests: their settings as the program reads them, and what follows from them.
 */
import type { Config } from '../../config.ts'
import { configOf, withSecrets } from './pod-environment.ts'
import type { Rule } from './pod-rules.ts'
import {
  nodeContainerOf,
  nodeSetsOf,
  statefulSetsOf,
  type Container,
  type KubeObject,
  type StatefulSetSpec,
} from './rendered-manifests.ts'

const MEBI = 2 ** 20
const UNITS: Readonly<Record<string, number>> = { Mi: MEBI, Gi: 1024 * MEBI }
/** Of its limit: an eighth for connections, a sixteenth for answers that nobody reads. */
const CONNECTIONS_SHARE = 3 / 16
/** The process itself, and what waits for the store. */
const PROCESS_BYTES = 448 * MEBI
/** The process of analytics itself; its questions take an eighth of the limit. */
const ANALYTICS_BYTES = 384 * MEBI
const QUESTIONS_SHARE = 1 / 8
/** What a stop takes at most beyond its two settings, as node/program.ts ends it. */
const STOP_GRACE_MS = 5_000
/** Proxies have heard of a pod's end after this time. */
const ENDPOINTS_MS = 5_000

export const NODE_RULES: readonly Rule[] = [
  {
    name: 'the program takes its settings',
    check: (objects) =>
      nodesOf(objects).flatMap(({ error }) => (error === undefined ? [] : [error])),
  },
  {
    name: 'placeholders do not start',
    check: (objects) =>
      nodeSetsOf(objects).flatMap(([name, set]) => {
        try {
          configOf(nodeContainerOf(set), objects)
          return [`${name} starts with the secrets as they are`]
        } catch (error) {
          return String(error).includes('REPLACE-ME') ? [] : [`${name}: ${String(error)}`]
        }
      }),
  },
  nodeRule('a node listens where its port and probes are', ({ container, config }) => {
    const ports = (container.ports ?? []).map(({ containerPort }) => containerPort)
    return ports.includes(config.port) && config.host === '0.0.0.0'
  }),
  nodeRule('readiness and liveness ask what they are to ask', ({ container }) => {
    const { startupProbe, readinessProbe, livenessProbe } = container
    return (
      readinessProbe?.httpGet?.path === '/health/ready' &&
      livenessProbe?.httpGet?.path === '/health/live' &&
      startupProbe?.httpGet?.path === '/health/live'
    )
  }),
  nodeRule('the limit has room for what the settings allow', ({ container, config }) => {
    const limit = bytesOf(container.resources?.limits?.['memory'])
    return limit >= wantedBytes(limit, config)
  }),
  nodeRule('a pod leaves the endpoints before the program is told to end', ({ container }) => {
    return (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000 >= ENDPOINTS_MS
  }),
  nodeRule('the grace period is longer than a stop can take', ({ set, container, config }) => {
    const waitMs = (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000
    const stopMs = config.stopDelayMs + config.stopTimeoutMs + STOP_GRACE_MS
    return (set.template.spec.terminationGracePeriodSeconds ?? 30) * 1000 > waitMs + stopMs
  }),
  nodeRule(
    'nodes leave one after the other',
    ({ set }) => set.podManagementPolicy === 'OrderedReady',
  ),
  {
    name: 'the log has no more copies than there are servers',
    check: (objects) => {
      const servers = statefulSetsOf(objects).get('nats')?.replicas ?? 1
      const nodes = nodesOf(objects).filter(({ config }) => config !== undefined)
      return nodes
        .filter(({ config }) => config!.natsUrl !== undefined && config!.logReplicas !== servers)
        .map(({ name, config }) => `${name} wants ${config!.logReplicas} copies of ${servers}`)
    },
  },
]

interface NodeSet {
  readonly name: string
  readonly set: StatefulSetSpec
  readonly container: Container
  readonly config: Config
}

function nodesOf(objects: readonly KubeObject[]) {
  const replaced = withSecrets(objects)
  return nodeSetsOf(objects).map(([name, set]) => {
    const container = nodeContainerOf(set)
    try {
      return { name, set, container, config: configOf(container, replaced) }
    } catch (error) {
      return { name, set, container, error: `${name}: ${String(error)}` }
    }
  })
}

function nodeRule(name: string, isRight: (node: NodeSet) => boolean): Rule {
  const check = (objects: readonly KubeObject[]) =>
    nodesOf(objects)
      .filter(({ config, ...node }) => config !== undefined && !isRight({ ...node, config }))
      .map((node) => `${name}: ${node.name}`)
  return { name, check }
}

function wantedBytes(limit: number, config: Config): number {
  const { memoryBytesMax, clicksBufferBytesMax, roles, clickHouseUrl } = config
  const questions = clickHouseUrl === undefined ? limit * QUESTIONS_SHARE : 0
  const analytics = roles.includes('analytics') ? ANALYTICS_BYTES + questions : 0
  const own = memoryBytesMax + clicksBufferBytesMax + PROCESS_BYTES
  return own + limit * CONNECTIONS_SHARE + analytics
}

/** `2Gi`, as Kubernetes writes it. */
function bytesOf(quantity: string | undefined): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity ?? '') ?? []
  return Number(number) * UNITS[unit ?? '']!
}

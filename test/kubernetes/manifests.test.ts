import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { startGateway } from '../../gateway/testing/test-gateway.ts'
import { PROGRAM_VERSION } from '../../node/program-version.ts'
import { temporaryDirectory } from '../program.ts'
import { findProgram } from '../services/service-program.ts'
import { testWith } from '../services/service-test.ts'
import { faultOf, isShaped } from './custom-resources.ts'
import { NODE_RULES } from './node-rules.ts'
import { OBJECT_RULES } from './object-rules.ts'
import { argumentsOf, environmentOf, withSecrets } from './pod-environment.ts'
import { POD_RULES } from './pod-rules.ts'
import {
  nodeContainerOf,
  nodeSetsOf,
  renderManifests,
  specsOf,
  statefulSetsOf,
  type KubeObject,
} from './rendered-manifests.ts'

/*
 * The manifests in k8s/: rendered as kubectl does, taken by Kubernetes' own types, and by rules of ours, each of
 * which is shown a manifest that is against it.
 */

const manifestTest = testWith('manifests')
const natsTest = testWith('manifests', 'nats')
const run = promisify(execFile)
const RULES = [...POD_RULES, ...OBJECT_RULES, ...NODE_RULES]
const OVERLAYS = ['embedded', 'cluster', 'production'] as const
const ROOT = path.resolve(import.meta.dirname, '../..')
const PROMETHEUS = path.join(ROOT, 'deploy/observe/prometheus/prometheus.yml')
const ADAPTER = path.join(ROOT, 'k8s/overlays/production/prometheus-adapter-values.yaml')

interface Monitor {
  readonly jobLabel: string
  readonly podMetricsEndpoints: readonly { readonly path: string }[]
}

type Overlay = (typeof OVERLAYS)[number]

const rendered = new Map<Overlay, readonly KubeObject[]>()

/** What an overlay makes; the same for all tests. */
function objectsOf(overlay: Overlay): readonly KubeObject[] {
  if (!rendered.has(overlay)) rendered.set(overlay, renderManifests(overlay)[0]!.objects)
  return rendered.get(overlay)!
}

for (const overlay of OVERLAYS) {
  manifestTest(`${overlay}: is rendered, and every object is one of Kubernetes`, (t) => {
    const { error, refused, unknown, objects } = renderManifests(overlay)[0]!
    t.is(error, undefined)
    t.deepEqual(refused, [])
    t.deepEqual(
      unknown.filter((name) => !isShaped(name)),
      [],
    )
    t.true(objects.length > 10)
    t.deepEqual(
      objects.map(faultOf).filter((fault) => fault !== undefined),
      [],
    )
  })

  manifestTest(`${overlay}: keeps all rules`, (t) => {
    t.deepEqual(
      RULES.flatMap(({ check }) => check(objectsOf(overlay))),
      [],
    )
  })
}

/** By rule: a text in the cluster's manifests, and what breaks the rule in its place. */
const BREAKS: Readonly<Record<string, readonly [text: string, instead: string]>> = {
  'images are pinned': [`tinygrid:${PROGRAM_VERSION}`, 'tinygrid:latest'],
  'containers have requests and limits': ['"limits":{"cpu"', '"limits":{"gpu"'],
  'memory is not overcommitted': ['"cpu":"500m","memory":"2Gi"', '"cpu":"500m","memory":"1Gi"'],
  'containers cannot get more rights, nor write where they lie': ['"drop":["ALL"]', '"drop":[]'],
  'no variable is set twice': ['"name":"REDIS_URL"', '"name":"NATS_URL"'],
  'containers are asked how they are': ['"livenessProbe"', '"deathProbe"'],
  'probes ask at ports that there are': [
    '"path":"/ping","port":"http"',
    '"path":"/ping","port":81',
  ],
  'pods are not root, and calls of the kernel are filtered': ['"runAsUser":1000', '"runAsUser":0'],
  'pods have no key to Kubernetes, and no variables of its services': [
    '"enableServiceLinks":false',
    '"enableServiceLinks":true',
  ],
  'each selector finds pods': [
    '"maxUnavailable":1,"selector":{"matchLabels":{"app.kubernetes.io/name":"nats"',
    '"maxUnavailable":1,"selector":{"matchLabels":{"app.kubernetes.io/name":"natz"',
  ],
  'each set selects its own pods and no others': [
    '"matchLabels":{"app.kubernetes.io/component":"analytics"',
    '"matchLabels":{"app.kubernetes.io/component":"node"',
  ],
  'each set has its service, whose ports it has': [
    '"serviceName":"redis"',
    '"serviceName":"rediz"',
  ],
  'an Ingress leads to services that there are': [
    '"service":{"name":"tinygrid"',
    '"service":{"name":"tinygird"',
  ],
  'a budget lets machines be drained, and keeps most pods': [
    '"maxUnavailable":1',
    '"minAvailable":1',
  ],
  'an autoscaler alone says how many there are, and takes them away slowly': [
    '"periodSeconds":180',
    '"periodSeconds":60',
  ],
  'nothing is allowed on the network that is not said': [
    '"podSelector":{},"policyTypes":["Ingress","Egress"]',
    '"podSelector":{},"policyTypes":["Ingress"]',
  ],
  'the program takes its settings': ['TINYGRID_STOP_TIMEOUT', 'TINYGRID_STOP_TIME'],
  'placeholders do not start': [btoa('REPLACE-M'), btoa('no-placeh')],
  'a node listens where its port and probes are': ['"PORT":"3000"', '"PORT":"3001"'],
  'readiness and liveness ask what they are to ask': ['/health/ready', '/health/live'],
  'the limit has room for what the settings allow': ['MEMORY_MAX":"1GB"', 'MEMORY_MAX":"1500MB"'],
  'a pod leaves the endpoints before the program is told to end': [
    '"sleep":{"seconds":5}',
    '"sleep":{"seconds":1}',
  ],
  'the grace period is longer than a stop can take': [
    'STOP_TIMEOUT":"40000"',
    'STOP_TIMEOUT":"50000"',
  ],
  'nodes leave one after the other': ['"OrderedReady"', '"Parallel"'],
  'the log has no more copies than there are servers': ['REPLICAS":"3"', 'REPLICAS":"5"'],
}

for (const { name, check } of RULES) {
  manifestTest(`a manifest against it is found: ${name}`, (t) => {
    const [text, instead] = BREAKS[name]!
    const before = JSON.stringify(objectsOf('cluster'))
    t.true(before.includes(text), `${text} is not in it`)
    const after = JSON.parse(before.replaceAll(text, instead)) as KubeObject[]
    t.true(check(after).length > 0)
  })
}

manifestTest(
  'what Kubernetes does not know is refused: a field, a type, a key given twice',
  (t) => {
    const directory = temporaryDirectory(t)
    const wrong = {
      field: '  replicaz: 3',
      type: '  replicas: three',
      twice: '  replicas: 1\n  replicas: 1',
    }
    for (const [name, line] of Object.entries(wrong)) {
      mkdirSync(path.join(directory, name))
      writeFileSync(path.join(directory, name, 'kustomization.yaml'), 'resources: [a.yaml]\n')
      const set = `apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: a\nspec:\n${line}\n`
      writeFileSync(path.join(directory, name, 'a.yaml'), set)
    }
    const results = renderManifests(...Object.keys(wrong).map((name) => path.join(directory, name)))
    for (const { refused, error } of results) t.true(refused.length > 0 || error !== undefined)
    t.regex(results[0]!.refused[0]!, /unknown field "spec.replicaz"/)
  },
)

manifestTest('a custom resource with a misspelt field is found', (t) => {
  for (const object of objectsOf('production').filter(({ apiVersion }) => isCustom(apiVersion))) {
    t.regex(
      faultOf({ ...object, spec: { ...(object.spec as object), extra: 1 } })!,
      /extra|additional/,
    )
  }
})

function isCustom(apiVersion: string): boolean {
  return apiVersion.includes('.') && !apiVersion.includes('k8s.io')
}

manifestTest('probes, the monitor and the autoscaler ask for what a node has', async (t) => {
  const { call } = await startGateway(t)
  for (const overlay of OVERLAYS) {
    for (const [, set] of nodeSetsOf(objectsOf(overlay))) {
      const { startupProbe, readinessProbe, livenessProbe } = nodeContainerOf(set)
      for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
        t.is((await call('GET', probe!.httpGet!.path)).status, 200)
      }
    }
  }
  const production = objectsOf('production')
  const monitor = specsOf<Monitor>(production, 'PodMonitor')
  const metrics = await call('GET', monitor.get('tinygrid')!.podMetricsEndpoints[0]!.path)
  const [, job] = /job_name: (\w+)/.exec(readFileSync(PROMETHEUS, 'utf8'))!
  for (const [, { template }] of nodeSetsOf(production)) {
    t.is(template.metadata.labels[monitor.get('tinygrid')!.jobLabel], job)
  }
  const adapter = readFileSync(ADAPTER, 'utf8')
  const [, series] = /seriesQuery: (\w+)/.exec(adapter)!
  const [, made] = / as: (\w+)/.exec(adapter)!
  t.true(metrics.text.includes(`\n# TYPE ${series} counter`))
  t.regex(JSON.stringify(production), new RegExp(`"pods":{"metric":{"name":"${made}"`))
})

manifestTest(
  'the image is run as it was made, and servers are those of the Compose project',
  (t) => {
    const dockerfile = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8')
    const compose = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8')
    const objects = objectsOf('cluster')
    for (const [, set] of nodeSetsOf(objects)) {
      const { runAsUser } = set.template.spec.securityContext!
      t.regex(dockerfile, new RegExp(`^USER ${runAsUser}:`, 'm'))
      const { ports } = nodeContainerOf(set)
      t.regex(dockerfile, new RegExp(`^EXPOSE ${ports![0]!.containerPort}$`, 'm'))
      t.regex(dockerfile, /^ENTRYPOINT \["node"/m)
    }
    for (const [name, { template }] of statefulSetsOf(objects)) {
      const { image } = template.spec.containers[0]!
      if (!name.startsWith('tinygrid')) t.true(compose.includes(`image: ${image}\n`), image)
    }
  },
)

manifestTest('with path hashing one code meets one gateway, without it any', (t) => {
  t.true(ingressOf('production').includes('"nginx.org/lb-method":"hash $uri consistent"'))
  t.false(ingressOf('cluster').includes('lb-method'))
})

function ingressOf(overlay: Overlay): string {
  return JSON.stringify(objectsOf(overlay).find(({ kind }) => kind === 'Ingress'))
}

natsTest('a NATS server takes the configuration that it is given', async (t) => {
  for (const overlay of ['cluster', 'production'] as const) await checkNats(t, overlay)
})

async function checkNats(t: ExecutionContext, overlay: Overlay): Promise<void> {
  const objects = objectsOf(overlay)
  const directory = temporaryDirectory(t)
  const files = objects
    .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('nats-'))
    .flatMap(({ data }) => Object.entries(data!))
  for (const [name, text] of files) {
    writeFileSync(path.join(directory, name), text.replace('"/data"', JSON.stringify(directory)))
  }
  const [server] = statefulSetsOf(objects).get('nats')!.template.spec.containers
  const env = { ...environmentOf(server!, withSecrets(objects)), POD_NAME: 'nats-0' }
  const args = argumentsOf(server!, env).map((arg) => arg.replace('/etc/nats', directory))
  const { stderr } = await run(findProgram('nats')!.path, ['-t', ...args], { env })
  t.regex(stderr, /configuration file .* is valid/)
  t.regex(readFileSync(path.join(directory, 'nats.conf'), 'utf8'), /^ {2}sync_interval: always$/m)
  t.is(files.length, 3, 'nats.conf, permissions and elections')
}

/** Clusters that share servers, each under the permissions of its own namespace. */
import type { ExecutionContext } from 'ava'
import { ClusterView } from './cluster-view.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { ClusterServices } from './services/cluster-services.ts'
import { testWith } from './services/service-test.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')
const READY_MS_MAX = 20_000

/** One begins as the other does, and is as long as its own stream names make it. */
const NAMES = ['grid', 'grid-2'] as const

clusterTest('two clusters on the same servers do not see each other', async (t) => {
  t.timeout(120_000)
  const services = await ClusterServices.start({ isGuarded: true, namespaces: NAMES })
  t.teardown(() => services.close())
  const start = (namespace: string) => startNode(t, services, namespace)
  const [one, other] = [await start(NAMES[0]), await start(NAMES[1])]
  await one.create({ url: 'https://example.org/one', code: 'same' })
  t.is((await other.visit('same')).status, 404)
  await other.create({ url: 'https://example.org/other', code: 'same' })
  const second = await start(NAMES[0])
  for (const [namespace, count] of [
    [NAMES[0], 2],
    [NAMES[1], 1],
  ] as const) {
    const view = await ClusterView.open(services.nats.nodeUrl(namespace), namespace)
    t.teardown(() => view.close())
    await until(`${count} nodes own ${namespace}`, READY_MS_MAX, async () => {
      const rows = (await view.table())?.rows ?? []
      return new Set(rows.map(({ owner }) => owner)).size === count
    })
  }
  await Promise.all([one.stop(), other.kill()])
  const again = await start(NAMES[1])
  t.is((await second.visit('same')).headers.get('location'), 'https://example.org/one')
  t.is((await again.visit('same')).headers.get('location'), 'https://example.org/other')
})

async function startNode(
  t: ExecutionContext,
  services: ClusterServices,
  namespace: string,
): Promise<Program> {
  const NATS_URL = services.nats.nodeUrl(namespace)
  const env = { ...services.env, NATS_URL, TINYGRID_NAMESPACE: namespace }
  const program = await Program.start({ dataDir: temporaryDirectory(t), env })
  t.teardown(() => program.kill())
  await until('it is ready', READY_MS_MAX, async () => {
    return (await program.api('/health/ready')).ok
  })
  return program
}

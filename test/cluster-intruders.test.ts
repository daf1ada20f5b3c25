/** Nodes as processes, and a stranger with every right on their NATS server who writes what he likes. */
import type { ExecutionContext } from 'ava'
import type { NatsConnection } from 'nats'
import { namesOf } from '../cluster/nats/namespace.ts'
import { connectPatiently } from '../cluster/testing/patient-connection.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { ClusterServices } from './services/cluster-services.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const PARTITIONS = 16
const SETTLE_MS_MAX = 60_000
/** Some in each partition, nearly certainly. */
const CODES = Array.from({ length: 100 }, (_, i) => `k${i}`)

clusterTest('a second process of a living node’s name ends, with one line', async (t) => {
  const { services, start } = await world(t)
  const first = await start('n1')
  const env = envOf(services, 'n1')
  const second = Program.launch({ dataDir: temporaryDirectory(t), env })
  t.teardown(() => second.kill())
  t.is(await second.ended(), 1, second.output)
  const lines = second.output.split('\n').filter((line) => !line.startsWith('{') && line !== '')
  t.deepEqual(lines, ['The name n1 is taken by a living node; set another TINYGRID_NODE_ID'])
  t.is((await first.create({ url: 'https://example.org/a', code: 'a' })).status, 201)
})

clusterTest('nonsense everywhere stops neither writes nor a take-over', async (t) => {
  const { stranger, start } = await world(t)
  const first = await start('n1')
  await createAll(first, CODES.slice(0, 50))
  const second = await start('n2')
  await writeNonsense(t, stranger)
  await createAll(second, CODES.slice(50))
  t.regex(await metric(first, 'controller'), / [1-9]/)
  t.regex(await metric(first, 'table'), / [1-9]/)
  t.regex(await metric(first, 'message'), / [1-9]/)
  const noticed = await metric(first, 'log_entry')
  await first.kill()
  await until('the other one serves every link', SETTLE_MS_MAX, async () => {
    const statuses = await Promise.all(CODES.map(async (code) => (await second.visit(code)).status))
    return statuses.every((status) => status === 302)
  })
  // What it met before may have been the first one's, and trimmed by now.
  await writeJunk(stranger)
  t.is((await second.create({ url: 'https://example.org/z', code: 'z' })).status, 201)
  // By whoever wrote behind it: the second may have got its partitions later.
  t.regex(noticed + (await metric(second, 'log_entry')), / [1-9]/)
})

async function world(t: ExecutionContext) {
  t.timeout(150_000)
  const services = await ClusterServices.start({ isGuarded: true })
  t.teardown(() => services.close())
  const url = services.nats.administratorUrl
  const stranger = await connectPatiently({ url, name: 'stranger', ...namesOf('tinygrid') })
  t.teardown(() => stranger.close())
  const start = async (name: string) => {
    const program = await Program.start({
      dataDir: temporaryDirectory(t),
      env: envOf(services, name),
    })
    t.teardown(() => program.kill())
    return program
  }
  return { services, stranger, start }
}

function envOf(services: ClusterServices, name: string) {
  return {
    ...services.env,
    TINYGRID_NODE_ID: name,
    TINYGRID_PARTITIONS: `${PARTITIONS}`,
    TINYGRID_LOG_LEVEL: 'warn',
  }
}

/** While partitions move some may be told to come again. */
async function createAll(node: Program, codes: readonly string[]): Promise<void> {
  await until('every link is made', SETTLE_MS_MAX, async () => {
    const links = codes.map((code) => ({ url: `https://example.org/${code}`, code, reuse: true }))
    const made = await Promise.all(links.map(async (link) => (await node.create(link)).status))
    return made.every((status) => status === 201 || status === 200)
  })
}

async function writeNonsense(t: ExecutionContext, stranger: NatsConnection): Promise<void> {
  const sender = await new Promise<string>((resolve) => {
    stranger.subscribe('MOL-tinygrid.HEARTBEAT', {
      max: 1,
      callback: (_error, message) => resolve(message.json<{ sender: string }>().sender),
    })
  })
  const forged = { ver: '5', sender, instanceID: 'stranger', services: [] }
  stranger.publish('MOL-tinygrid.INFO', JSON.stringify(forged))
  const bucket = await stranger.jetstream().views.kv('tinygrid')
  await bucket.put('controller', 'null')
  await bucket.put('table', '{"rows":[]}')
  await writeJunk(stranger)
  await until('the table is back', SETTLE_MS_MAX, async () => {
    return (await bucket.get('table'))?.string().includes('"nodes"') === true
  })
  t.pass()
}

/** Behind the newest entry of each partition. */
async function writeJunk(stranger: NatsConnection): Promise<void> {
  const stream = stranger.jetstream()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await stream.publish(`tinygrid.log.${partition}`, 'junk')
  }
}

async function metric(node: Program, kind: string): Promise<string> {
  const text = await (await node.api('/metrics')).text()
  const name = `tinygrid_refused_total{kind="${kind}"`
  return text.split('\n').find((line) => line.startsWith(name)) ?? ''
}

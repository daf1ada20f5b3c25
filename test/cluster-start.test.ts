import { createServer, type Server } from 'node:net'
import type { ExecutionContext } from 'ava'
import { namesOf } from '../cluster/nats/namespace.ts'
import { connectPatiently } from '../cluster/testing/patient-connection.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { ClusterServices } from './services/cluster-services.ts'
import { freePort } from './services/free-port.ts'
import { MongoService } from './services/mongo-service.ts'
import { NatsService } from './services/nats-service.ts'
import { serialTestWith } from './services/service-test.ts'

const natsTest = serialTestWith('nats')
const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const WAIT_MS = 60_000
/** Where nothing listens: port 1 of this machine. */
const NOWHERE = { MONGO_URL: 'mongodb://127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }

/** Starts a node that is to end by itself. @returns the one line that it printed */
async function refusal(t: ExecutionContext, env: Record<string, string>): Promise<string> {
  const dataDir = temporaryDirectory(t)
  const program = Program.launch({ dataDir, env: { TINYGRID_LOG_LEVEL: 'error', ...env } })
  t.is(await program.ended(), 1, program.output)
  const lines = program.output.trim().split('\n')
  t.is(lines.length, 1, program.output)
  return lines[0]!
}

natsTest('wrong credentials for NATS are named, and not printed', async (t) => {
  const nats = await NatsService.start({ user: 'tinygrid', password: 'right' })
  t.teardown(() => nats.close())
  const NATS_URL = nats.url.replace('//', '//tinygrid:wrong-secret@')
  const line = await refusal(t, { NATS_URL, ...NOWHERE })
  t.regex(line, /^NATS at .*127\.0\.0\.1:\d+ refuses the credentials in NATS_URL$/)
  t.notRegex(line, /secret/)
})

natsTest('an address where no NATS server is is named without its password', async (t) => {
  const NATS_URL = 'nats://tinygrid:secret@127.0.0.1:1'
  const line = await refusal(t, { NATS_URL, ...NOWHERE })
  t.regex(line, /^NATS at .*127\.0\.0\.1:1 cannot be reached: .*; check NATS_URL$/)
  t.notRegex(line, /secret/)
})

natsTest('a NATS server without JetStream is told what it needs', async (t) => {
  const nats = await NatsService.start({ jetStream: false })
  t.teardown(() => nats.close())
  const line = await refusal(t, { NATS_URL: nats.url, ...NOWHERE })
  t.regex(line, /^NATS at .* has no JetStream; start nats-server with -js$/)
})

natsTest('a NATS server that is too old is named with its version', async (t) => {
  const server = await serveOldNats()
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const line = await refusal(t, { NATS_URL: `nats://127.0.0.1:${port}`, ...NOWHERE })
  t.regex(line, /^NATS at .* is version 2\.10\.0; 2\.11 or later is needed$/)
})

clusterTest('a cluster keeps its number of partitions', async (t) => {
  const services = await ClusterServices.start({ isGuarded: true })
  t.teardown(() => services.close())
  const first = await Program.start({ dataDir: temporaryDirectory(t), env: services.env })
  t.is(await first.stop(), 0, first.output)
  const line = await refusal(t, { ...services.env, TINYGRID_PARTITIONS: '64' })
  t.regex(line, /^TINYGRID_PARTITIONS is 64, and the cluster was created with 256,/)
  t.regex(line, /Set TINYGRID_PARTITIONS=256\.$/)
})

clusterTest('a database of another number of partitions is not written to', async (t) => {
  const services = await ClusterServices.start({ isGuarded: true })
  t.teardown(() => services.close())
  const first = await Program.start({ dataDir: temporaryDirectory(t), env: services.env })
  await first.stop()
  const nats = await NatsService.start({ isGuarded: true })
  t.teardown(() => nats.close())
  const env = { ...services.env, NATS_URL: nats.url, TINYGRID_PARTITIONS: '64' }
  t.regex(
    await refusal(t, env),
    /was made with 256 partitions, not 64; set TINYGRID_PARTITIONS=256/,
  )
})

clusterTest('without MongoDB and Redis a cluster that has met them goes on', async (t) => {
  const nats = await NatsService.start({ isGuarded: true })
  t.teardown(() => nats.close())
  const port = await freePort()
  const MONGO_URL = `mongodb://127.0.0.1:${port}`
  const dataDir = temporaryDirectory(t)
  const env = { NATS_URL: nats.url, ...NOWHERE, MONGO_URL }
  const node = await Program.start({ dataDir, env })
  t.teardown(() => node.kill())
  t.is(node.output.match(/MongoDB cannot be reached yet/g)?.length, 1, node.output)
  // NATS is new: whether MongoDB has links that another one's log knew, nobody can say.
  const request = { url: 'https://example.org/a', code: 'a' }
  t.is((await node.create(request)).status, 503)
  t.is((await node.visit('b')).status, 503)

  const mongo = await MongoService.start({ port })
  t.teardown(() => mongo.close())
  await until('links are created', WAIT_MS, async () => (await node.create(request)).status < 300)
  await until('nothing is unknown', WAIT_MS, async () => {
    const metrics = await (await fetch(`${node.url}/metrics`)).text()
    return /^tinygrid_partitions_complete.* 256$/m.test(metrics)
  })
  t.is((await node.visit('b')).status, 404)

  await mongo.kill()
  t.is((await node.create({ url: 'https://example.org/c', code: 'c' })).status, 201)
  await node.kill()
  const again = await Program.start({ dataDir, env })
  t.teardown(() => again.kill())
  const visit = await again.visit('c')
  t.is(visit.headers.get('location'), 'https://example.org/c')
  t.is((await again.visit('d')).status, 503)
})

clusterTest('of data that does not belong together, no node starts', async (t) => {
  const services = await ClusterServices.start({ isGuarded: true })
  t.teardown(() => services.close())
  const { env } = services
  const first = await Program.start({ dataDir: temporaryDirectory(t), env })
  t.is((await first.create({ url: 'https://example.org/a', code: 'a' })).status, 201)
  t.is(await first.stop(), 0, first.output)

  const fresh = {
    nats: await NatsService.start({ isGuarded: true }),
    mongo: await MongoService.start(),
  }
  t.teardown(() => fresh.nats.close())
  t.teardown(() => fresh.mongo.close())
  const lostNats = { ...env, NATS_URL: fresh.nats.url }
  t.regex(
    await refusal(t, lostNats),
    /has the links of another cluster, or of this one before NATS/,
  )
  const lostMongo = { ...env, MONGO_URL: fresh.mongo.url }
  t.regex(await refusal(t, lostMongo), /has lost this cluster's links; restore a backup/)

  const url = services.nats.administratorUrl
  const connection = await connectPatiently({ url, name: 'administrator', ...namesOf('tinygrid') })
  t.teardown(() => connection.close())
  const { streams } = await connection.jetstreamManager()
  await streams.delete('TINYGRID_LOG')
  t.regex(
    await refusal(t, env),
    /^The stream TINYGRID_LOG is gone, and with it what MongoDB does not/,
  )
  await streams.delete('KV_tinygrid')
  await streams.add({ name: 'TINYGRID_LOG', subjects: ['tinygrid.log.*'] })
  t.regex(await refusal(t, env), /bucket in NATS is new, and the stream TINYGRID_LOG is not/)
})

/** Says who it is, and answers what a client asks before it sends anything. */
async function serveOldNats(): Promise<Server> {
  const info = { server_id: 'OLD', version: '2.10.0', max_payload: 2 ** 20, headers: true }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(`INFO ${JSON.stringify({ ...info, jetstream: true })}\r\n`)
    socket.on('data', (data) => {
      if (data.includes('PING')) socket.write('PONG\r\n')
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}

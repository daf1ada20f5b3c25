import { createServer, type Server } from 'node:net'
import type { ExecutionContext } from 'ava'
import { Program, temporaryDirectory } from './program.ts'
import { ClusterServices } from './services/cluster-services.ts'
import { NatsService } from './services/nats-service.ts'
import { serialTestWith } from './services/service-test.ts'

const natsTest = serialTestWith('nats')
const clusterTest = serialTestWith('nats', 'redis', 'mongo')
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
  const services = await ClusterServices.start()
  t.teardown(() => services.close())
  const first = await Program.start({ dataDir: temporaryDirectory(t), env: services.env })
  t.is(await first.stop(), 0, first.output)
  const line = await refusal(t, { ...services.env, TINYGRID_PARTITIONS: '64' })
  t.regex(line, /^TINYGRID_PARTITIONS is 64, and the cluster was created with 256,/)
  t.regex(line, /Set TINYGRID_PARTITIONS=256\.$/)
})

clusterTest('a database of another number of partitions is not written to', async (t) => {
  const services = await ClusterServices.start()
  t.teardown(() => services.close())
  const first = await Program.start({ dataDir: temporaryDirectory(t), env: services.env })
  await first.stop()
  const nats = await NatsService.start()
  t.teardown(() => nats.close())
  const env = { ...services.env, NATS_URL: nats.url, TINYGRID_PARTITIONS: '64' }
  t.regex(
    await refusal(t, env),
    /was made with 256 partitions, not 64; set TINYGRID_PARTITIONS=256/,
  )
})

natsTest('without MongoDB and Redis a new cluster creates links and redirects', async (t) => {
  const nats = await NatsService.start()
  t.teardown(() => nats.close())
  const MONGO_URL = 'mongodb://tinygrid:secret@127.0.0.1:1'
  const env = { NATS_URL: nats.url, ...NOWHERE, MONGO_URL }
  const node = await Program.start({ dataDir: temporaryDirectory(t), env })
  t.teardown(() => node.kill())
  t.is(node.output.match(/MongoDB cannot be reached yet/g)?.length, 1, node.output)
  const created = await node.create({ url: 'https://example.org/a', code: 'a' })
  t.is(created.status, 201)
  const visit = await node.visit('a')
  t.is(visit.headers.get('location'), 'https://example.org/a')
  t.is((await node.visit('b')).status, 404)
  t.notRegex(node.output, /secret/)
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

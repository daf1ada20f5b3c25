/**
 * A cluster of the version before links had options: today's nodes take it over with every link, and it takes
 * new ones.
 *
 * `fixtures/cluster-before-options.json.gz` is what two nodes of that version (commit 6baf60d, 16 partitions) had
 * written when they were killed: the files of NATS (log, table, leases, settings), the documents of MongoDB as
 * BSON and the values of Redis, in base64. The log was trimmed once, a minute after its first links; what came
 * last (`late`, the tags of `changed`) came while MongoDB was frozen, so the log alone has it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { ExecutionContext } from 'ava'
import { Redis } from 'ioredis'
import { BSON, MongoClient } from 'mongodb'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import { ClusterServices } from './services/cluster-services.ts'
import { serialTestWith } from './services/service-test.ts'

const FIXTURE = path.join(import.meta.dirname, 'fixtures/cluster-before-options.json.gz')
const NAMESPACE = 'tinygrid'
const ENV = { TINYGRID_PARTITIONS: '16', TINYGRID_CLICKS: 'false', TINYGRID_LOG_MAX: '1MB' }
const NONE = { validFrom: null, redirectStatus: null, expiredUrl: null, forwardQuery: null }
const MANY = Array.from({ length: 40 }, (_, index) => `many${index}`)
const WAIT_MS = 60_000

/** Each name with its content, in base64; of a collection a list. */
interface Fixture {
  readonly nats: Readonly<Record<string, string>>
  readonly mongo: Readonly<Record<string, readonly string[]>>
  readonly redis: Readonly<Record<string, string>>
}

/** Servers that have what the version before has written. */
async function olderServices(t: ExecutionContext): Promise<ClusterServices> {
  const { nats, mongo, redis } = JSON.parse(gunzipSync(readFileSync(FIXTURE)).toString()) as Fixture
  const directory = temporaryDirectory(t)
  for (const [name, content] of Object.entries(nats)) {
    const file = path.join(directory, 'nats', name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, Buffer.from(content, 'base64'))
  }
  const services = await ClusterServices.start({ directory, isGuarded: true })
  t.teardown(() => services.close())
  await Promise.all([fillMongo(services.mongo.url, mongo), fillRedis(services.redis.url, redis)])
  return services
}

async function fillMongo(url: string, collections: Fixture['mongo']): Promise<void> {
  const client = await MongoClient.connect(url)
  for (const [name, documents] of Object.entries(collections)) {
    const all = documents.map((bytes) => BSON.deserialize(Buffer.from(bytes, 'base64')))
    await client.db(NAMESPACE).collection(name).insertMany(all)
  }
  await client.close()
}

async function fillRedis(url: string, values: Fixture['redis']): Promise<void> {
  const redis = new Redis(url)
  for (const [key, value] of Object.entries(values)) {
    await redis.set(key, Buffer.from(value, 'base64'))
  }
  await redis.quit()
}

async function startNode(
  t: ExecutionContext,
  services: ClusterServices,
  id: string,
  env: Record<string, string> = {},
): Promise<Program> {
  const settings = { ...ENV, ...services.env, TINYGRID_NODE_ID: id, ...env }
  const node = await Program.start({ dataDir: temporaryDirectory(t), env: settings })
  t.teardown(() => node.kill())
  return node
}

/** A node that stood still for a while says 503 until it has its lease again. */
async function answered(what: string, ask: () => Promise<Response>): Promise<Response> {
  let answer: Response | undefined
  await until(`${what} is answered`, WAIT_MS, async () => {
    answer = await ask()
    if (answer.status === 503) await answer.arrayBuffer()
    return answer.status !== 503
  })
  return answer!
}

async function visited(node: Program, code: string): Promise<Response> {
  const answer = await answered(code, () => node.visit(code))
  await answer.arrayBuffer()
  return answer
}

/** The take-over is over, and what only the store had is loaded. */
async function hasAll(node: Program): Promise<boolean> {
  const metrics = await (await node.api('/metrics')).text()
  return /^tinygrid_partitions_complete.* 16$/m.test(metrics)
}

serialTestWith(
  'nats',
  'redis',
  'mongo',
)(
  'today’s nodes keep every link of a cluster of the version before, and give them options',
  async (t) => {
    const services = await olderServices(t)
    // Nobody owns anything: the values of Redis are all that there is.
    const gateway = await startNode(t, services, 'g1', { TINYGRID_ROLES: 'gateway' })
    await until('a link is answered from Redis', WAIT_MS, async () => {
      const { status, headers } = await gateway.api('/plain')
      return status === 302 && headers.get('x-tinygrid-source') === 'redis'
    })

    const node = await startNode(t, services, 'n3')
    await until('all links are there', WAIT_MS, () => hasAll(node))
    const read = async (code: string) => {
      const answer = await answered(code, () => gateway.api(`/api/links/${code}`))
      return (await answer.json()) as Record<string, unknown>
    }
    t.like(await read('full'), {
      ...NONE,
      url: 'https://example.org/full',
      title: 'Über uns',
      expiresAt: '2099-01-01T00:00:00.000Z',
      maxVisits: 3,
      visits: 2,
    })
    t.deepEqual((await read('full'))['tags'], ['a', 'ü'])
    t.like(await read('changed'), { ...NONE, title: 'new', tags: ['in the log alone'] })
    t.deepEqual((await read('plain'))['tags'], ['late'])
    t.like(await read('late'), { ...NONE, url: 'https://example.org/late' })
    const codes = ['plain', 'full', 'again', 'late', 'deleted', 'expired', 'used', 'purged']
    const visits = await Promise.all(codes.map((code) => visited(node, code)))
    const statuses = visits.map(({ status }) => status)
    t.deepEqual(statuses, [302, 302, 302, 302, 410, 410, 410, 404])
    for (const [index, code] of MANY.entries()) {
      const { headers } = await visited(gateway, code)
      t.is(headers.get('location'), `https://example.org/many/${index}`)
    }

    const json = { redirectStatus: 307, validFrom: '2020-01-01T00:00:00Z' }
    const patch = () => node.api('/api/links/late', { method: 'PATCH', json })
    t.is((await answered('a change', patch)).status, 200)
    t.is((await visited(node, 'late')).status, 307)
  },
)

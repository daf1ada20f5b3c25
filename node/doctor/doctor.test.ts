/** Whatever is broken, the doctor names it, says what to do, and says nothing of what is right. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { StartError } from '../../links/errors.ts'
import { DataDirectory } from '../../persistence/data-directory/data-directory.ts'
import { readProgramOptions } from '../program-options.ts'
import { examineAll, type DoctorSeams } from './doctor.ts'
import type { Examinations } from './servers-check.ts'

const GB = 2 ** 30
const HERE = 1_800_000_000_000
const clock = { server: HERE, here: HERE }
const store = { version: '7.0', whyNoWrites: undefined, clock }

/** All is well. */
const SERVERS: Examinations = {
  nats: async () => ({
    where: 'NATS at n:4222',
    version: '2.11.0',
    isClustered: false,
    storageBytesMax: undefined,
  }),
  natsSystem: async () => {},
  mongo: async () => ({ ...store, where: 'MongoDB at m:27017', kind: 'set' }),
  redis: async () => ({ ...store, where: 'Redis at r:6379', isCluster: false }),
  clickHouse: async () => ({ ...store, where: 'ClickHouse at c:8123, database tinygrid' }),
}
const MACHINE = {
  nodeVersion: 'v26.1.0',
  openFilesMax: 1_048_576,
  memoryBytes: 8 * GB,
  isContainer: false,
}
/** Else of the machine that runs the tests. */
const BOUNDS = { TINYGRID_MEMORY_MAX: '512MB', TINYGRID_CONNECTIONS_MAX: '1000' }
const CLUSTER = {
  NATS_URL: 'nats://n',
  NATS_SYSTEM_URL: 'nats://s',
  MONGO_URL: 'mongodb://m',
  REDIS_URL: 'redis://r',
  CLICKHOUSE_URL: 'http://c:8123',
  TINYGRID_API_KEY: 'a-key-for-tests-0123456789',
}
/** What one case breaks. */
interface Broken {
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
  readonly machine?: Partial<DoctorSeams['machine']>
  readonly servers?: Partial<Examinations>
  readonly free?: number
}

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tinygrid-doctor-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** What is not right, a line each. */
async function faultsOf(t: ExecutionContext, broken: Broken): Promise<readonly string[]> {
  const { env = {}, flags = [], machine = {}, servers = {}, free = 100 * GB } = broken
  const dataDir = path.join(temporary(t), 'data')
  const own = { ...BOUNDS, PORT: '0', TINYGRID_DATA_DIR: dataDir, ...env }
  const findings = await examineAll(readProgramOptions(['--config', 'none', ...flags]), own, {
    machine: { ...MACHINE, ...machine },
    servers: { ...SERVERS, ...servers },
    roomOf: () => ({ free, reserve: 16 * 2 ** 20 }),
  })
  return findings
    .filter(({ state }) => state !== 'ok')
    .map(({ check, state, found, advice = '' }) => `${state} ${check}: ${found} -> ${advice}`)
}

function refusing(message: string) {
  return async () => {
    throw new StartError(message)
  }
}

test('nothing is wrong with a server alone, and with a node of a cluster', async (t) => {
  t.deepEqual(await faultsOf(t, {}), [])
  t.deepEqual(await faultsOf(t, { env: CLUSTER }), [])
})

const mongo = await SERVERS.mongo('', '')
const redis = await SERVERS.redis('', '')
const clickHouse = await SERVERS.clickHouse('', '')
const nats = await SERVERS.nats('', '')

const cases: readonly [what: string, broken: Broken, told: RegExp][] = [
  [
    'a wrong setting',
    { env: { TINYGRID_CODE_LENGTH: '99' } },
    /^wrong settings: TINYGRID_CODE_LENG/,
  ],
  ['a wrong flag', { flags: ['--code-length', '99'] }, /^wrong settings: --code-length is "99"/],
  [
    'a setting that does not exist',
    { env: { TINYGRID_PROT: '1' } },
    /TINYGRID_PROT is not a setting/,
  ],
  [
    'a file that is not there',
    { flags: ['--config', '/no/file'] },
    /the file of settings, cannot be/,
  ],
  ['a missing setting', { env: { NATS_URL: 'nats://n' } }, /wrong settings: MONGO_URL is missing/],
  [
    'an old Node',
    { machine: { nodeVersion: 'v22.18.9' } },
    /wrong Node: v22\.18\.9.*install Node 22/,
  ],
  [
    'few open files',
    { machine: { openFilesMax: 4_096 }, env: { TINYGRID_CONNECTIONS_MAX: '5000' } },
    /warning open files: 4096 may.*ulimit -n 5200.*TINYGRID_CONNECTIONS_MAX to 3896/,
  ],
  [
    'far too few open files',
    { machine: { openFilesMax: 256 } },
    /wrong open files: 256 may be open.*ulimit -n 1200/,
  ],
  [
    'more memory than the container has',
    { machine: { memoryBytes: GB, isContainer: true }, env: { TINYGRID_MEMORY_MAX: '2GB' } },
    /wrong memory: 2048MB .* this container's limit has 1024MB -> set .* 512MB or less/,
  ],
  [
    'nearly all memory',
    { machine: { memoryBytes: GB }, env: { TINYGRID_MEMORY_MAX: '1000MB' } },
    /warning memory: .*little is left/,
  ],
  ['a full disk', { free: 100 * 2 ** 20 }, /wrong disk: 0\.1 GB are free.*make room/],
  ['a small disk', { free: GB }, /warning disk: 1\.0 GB are free .* its logs may take 2\.0 GB/],
  [
    'a directory that cannot be made',
    { env: { TINYGRID_DATA_DIR: '/sys/kernel/tinygrid' } },
    /wrong data directory: .* cannot be written: E.*set TINYGRID_DATA_DIR/,
  ],
  [
    'a directory that is a file',
    { env: { TINYGRID_DATA_DIR: '/etc/hostname' } },
    /cannot be written/,
  ],
  ['a foreign host', { env: { HOST: '203.0.113.1' } }, /wrong port: 203\.0\.113\.1 port 0 cannot/],
  [
    'NATS away',
    { env: CLUSTER, servers: { nats: refusing('NATS at n is away') } },
    /wrong NATS: NATS/,
  ],
  [
    'NATS alone where copies are wanted',
    { env: { ...CLUSTER, TINYGRID_LOG_REPLICAS: '3' } },
    /wrong NATS: .* is one server, but 3 copies are wanted.*make a cluster of 3/,
  ],
  [
    'NATS with too little storage',
    { env: CLUSTER, servers: { nats: async () => ({ ...nats, storageBytesMax: 1e6 }) } },
    /wrong NATS: .* keep 1000000 bytes, the logs may take 2147483648/,
  ],
  [
    'NATS without its system account',
    { env: CLUSTER, servers: { natsSystem: refusing('NATS at s refuses the credentials') } },
    /wrong NATS system: NATS at s refuses/,
  ],
  [
    'MongoDB with a wrong password',
    { env: CLUSTER, servers: { mongo: refusing('MongoDB at m refuses the credentials') } },
    /wrong MongoDB: MongoDB at m refuses/,
  ],
  [
    'MongoDB that is no replica set',
    { env: CLUSTER, servers: { mongo: async () => ({ ...mongo, kind: 'alone' }) } },
    /warning MongoDB: .* is no replica set.*mongod --replSet/,
  ],
  [
    'MongoDB that may not be written',
    { env: CLUSTER, servers: { mongo: async () => ({ ...mongo, whyNoWrites: 'not authorized' }) } },
    /wrong MongoDB: .* cannot be written: not authorized -> give the user/,
  ],
  [
    'Redis that may not be written',
    { env: CLUSTER, servers: { redis: async () => ({ ...redis, whyNoWrites: 'NOPERM' }) } },
    /wrong Redis: .* cannot be written: NOPERM/,
  ],
  [
    'Redis Cluster',
    { env: CLUSTER, servers: { redis: async () => ({ ...redis, isCluster: true }) } },
    /wrong Redis: .* Redis Cluster, .* -> set REDIS_URL to a Redis of its own/,
  ],
  [
    'a clock that is wrong',
    { env: CLUSTER, servers: { mongo: async () => ({ ...mongo, clock: later(61_000) }) } },
    /wrong clock: the clock of MongoDB at .* is 61\.0 s ahead of this machine's -> .*NTP/,
  ],
  [
    'a clock that is somewhat wrong',
    { env: CLUSTER, servers: { redis: async () => ({ ...redis, clock: later(-2_000) }) } },
    /warning clock: the clock of Redis at .* is 2\.0 s behind/,
  ],
  [
    'ClickHouse that may not be written',
    { env: CLUSTER, servers: { clickHouse: async () => ({ ...clickHouse, whyNoWrites: 'no' }) } },
    /wrong ClickHouse: .* cannot be written: no/,
  ],
  [
    'a driver that fails in its own words',
    { env: CLUSTER, servers: { redis: () => Promise.reject(new Error('odd')) } },
    /wrong Redis: odd -> look at what Redis logs/,
  ],
]

function later(ms: number) {
  return { server: HERE + ms, here: HERE }
}

for (const [what, broken, told] of cases) {
  test(`${what} is named alone`, async (t) => {
    const faults = await faultsOf(t, broken)
    t.is(faults.length, 1, faults.join('\n'))
    t.regex(faults[0]!, told)
  })
}

test('all wrong settings are named at once', async (t) => {
  const env = { TINYGRID_CODE_LENGTH: '99', PORT: 'http', TINYGRID_ROBOTS: 'perhaps' }
  t.is((await faultsOf(t, { env })).length, 3)
})

async function listening(t: ExecutionContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return String((server.address() as AddressInfo).port)
}

test('a port that another program has taken is told from one of a Tinygrid', async (t) => {
  const other = createServer((socket) => void socket.end('who?\n'))
  const faults = await faultsOf(t, { env: { PORT: await listening(t, other) } })
  t.regex(
    faults.join('\n'),
    /^wrong port: another program has taken 127\.0\.0\.1 port \d+ -> stop it/,
  )
  const own = createHttpServer((_, response) => void response.end('{"status":"live"}'))
  t.deepEqual(await faultsOf(t, { env: { PORT: await listening(t, own) } }), [])
})

test('a data directory in use, of other partitions, of somebody else, a key for all', async (t) => {
  const root = path.join(temporary(t), 'data')
  const env = { TINYGRID_DATA_DIR: root, TINYGRID_PARTITIONS: '16' }
  const used = await DataDirectory.open(root, { partitions: 16 })
  t.regex(
    (await faultsOf(t, { env })).join('\n'),
    /^warning data directory: .* is in use by another/,
  )
  const running = createHttpServer((_, response) => void response.end('{"status":"live"}'))
  const port = await listening(t, running)
  t.deepEqual(await faultsOf(t, { env: { ...env, PORT: port } }), [], 'it is that of the server')
  await used.close()
  t.deepEqual(await faultsOf(t, { env }), [])

  const others = await faultsOf(t, { env: { ...env, TINYGRID_PARTITIONS: '32' } })
  t.regex(others.join('\n'), /^wrong data directory: .* was made with 16 partitions, not 32/)
  writeFileSync(path.join(root, 'api-key'), 'a-key-for-tests-0123456789', { mode: 0o644 })
  chmodSync(path.join(root, 'api-key'), 0o644)
  t.regex((await faultsOf(t, { env })).join('\n'), /^warning API key: others .* -> chmod 600 /)
  const foreign = temporary(t)
  mkdirSync(path.join(foreign, 'photos'))
  const strange = await faultsOf(t, { env: { TINYGRID_DATA_DIR: foreign } })
  t.regex(strange.join('\n'), /^wrong data directory: .* holds other files and is not a data/)
})

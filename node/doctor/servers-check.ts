/**
 * The doctor's look at the servers of a cluster, and at the clocks of all: each is asked what it is, and whether a
 * node may do there what it does.
 *
 * All at once; what cannot be reached is told in a few seconds. How they are asked comes in, for tests.
 */
import { examineClickHouse } from '../../clicks/store/clickhouse-examination.ts'
import { examineNats, examineNatsSystem } from '../../cluster/nats/nats-examination.ts'
import type { NatsFacts } from '../../cluster/nats/nats-examination.ts'
import type { Config } from '../../config.ts'
import { StartError } from '../../links/errors.ts'
import { serverTlsOf } from '../server-tls-settings.ts'
import { examineRedis } from '../../persistence/cache/redis-examination.ts'
import { examineMongo } from '../../persistence/store/mongo-examination.ts'
import { ok, warning, wrong, type Finding } from './finding.ts'

/** Which a server's clock and ours had at one moment, in milliseconds. */
interface Clocks {
  readonly server: number
  readonly here: number
}

interface ServerFacts {
  readonly where: string
  readonly version: string
  readonly whyNoWrites: string | undefined
  readonly clock: Clocks | undefined
}

export interface Examinations {
  readonly nats: typeof examineNats
  readonly natsSystem: typeof examineNatsSystem
  readonly mongo: typeof examineMongo
  readonly redis: typeof examineRedis
  readonly clickHouse: typeof examineClickHouse
}

export const EXAMINATIONS: Examinations = {
  nats: examineNats,
  natsSystem: examineNatsSystem,
  mongo: examineMongo,
  redis: examineRedis,
  clickHouse: examineClickHouse,
}

/** Clocks of nodes must differ by less than ten seconds: what a write was is told by its time. */
const CLOCK_WRONG_MS = 10_000
const CLOCK_WARNING_MS = 1_000

export async function examineServers(config: Config, ask: Examinations): Promise<Finding[]> {
  const clocks = new Map<string, Clocks>()
  const found = await Promise.all([
    examined('NATS', config.natsUrl, (url) => natsFindings(url, config, ask)),
    examined('NATS system', config.natsSystemUrl, async (url) => {
      await ask.natsSystem(url, config.namespace, serverTlsOf(config, 'NATS'))
      return [ok('NATS system', 'elections can be called (NATS_SYSTEM_URL)')]
    }),
    examined('MongoDB', config.mongoUrl, async (url) => {
      const facts = await ask.mongo(url, config.namespace, serverTlsOf(config, 'MONGO'))
      return [...storeFindings('MongoDB', facts, clocks), ...kindFindings(facts)]
    }),
    examined('Redis', config.redisUrl, async (url) => {
      const facts = await ask.redis(url, config.namespace, serverTlsOf(config, 'REDIS'))
      return facts.isCluster ? [clusterFinding(facts)] : storeFindings('Redis', facts, clocks)
    }),
    examined('ClickHouse', config.clickHouseUrl, async (url) => {
      const tls = serverTlsOf(config, 'CLICKHOUSE')
      return storeFindings('ClickHouse', await ask.clickHouse(url, config.namespace, tls), clocks)
    }),
  ])
  return [...found.flat(), ...clockFindings(clocks)]
}

async function examined(
  name: string,
  url: string | undefined,
  look: (url: string) => Promise<Finding[]>,
): Promise<Finding[]> {
  if (url === undefined) return []
  try {
    return await look(url)
  } catch (error) {
    // What each of them says, says what to do. Anything else is one of the driver's.
    const advice = error instanceof StartError ? undefined : `look at what ${name} logs`
    return [wrong(name, (error as Error).message, advice)]
  }
}

async function natsFindings(url: string, config: Config, ask: Examinations): Promise<Finding[]> {
  const facts = await ask.nats(url, config.namespace, serverTlsOf(config, 'NATS'))
  const { where, version } = facts
  const faults = natsFaults(facts, config)
  return faults.length > 0 ? faults : [ok('NATS', `${where}: version ${version}, with JetStream`)]
}

function natsFaults({ where, isClustered, storageBytesMax: max }: NatsFacts, config: Config) {
  const { logReplicas, logBytesMax, clicksLogBytesMax } = config
  const faults: Finding[] = []
  if (logReplicas > 1 && !isClustered) {
    const found = `${where} is one server, but ${logReplicas} copies are wanted (TINYGRID_LOG_REPLICAS)`
    faults.push(wrong('NATS', found, `make a cluster of ${logReplicas}, or set it to 1`))
  }
  const wanted = logBytesMax + (config.clicks ? clicksLogBytesMax : 0)
  if (max !== undefined && max < wanted) {
    const found = `${where} lets this account keep ${max} bytes, the logs may take ${wanted}`
    const advice = 'raise its limit, or lower TINYGRID_LOG_MAX and TINYGRID_CLICKS_LOG_MAX'
    faults.push(wrong('NATS', found, advice))
  }
  return faults
}

function storeFindings(name: string, facts: ServerFacts, clocks: Map<string, Clocks>): Finding[] {
  const { where, version, whyNoWrites, clock } = facts
  if (clock !== undefined) clocks.set(where, clock)
  if (whyNoWrites === undefined) {
    return [ok(name, `${where}: version ${version || 'not told'}, can be written`)]
  }
  const advice =
    'give the user in its URL the right to read and write, and look whether it is a replica'
  return [wrong(name, `${where} cannot be written: ${whyNoWrites}`, advice)]
}

function kindFindings({ where, kind }: { readonly where: string; readonly kind: string }) {
  if (kind === 'set') return []
  if (kind === 'ferretdb') {
    const found = `${where} is FerretDB, which stands in for MongoDB in tests`
    return [warning('MongoDB', found, 'use MongoDB for links that are to be kept')]
  }
  const found = `${where} is no replica set: what it has is lost with its disk`
  const advice = 'run it as a replica set of three (mongod --replSet), and name all in MONGO_URL'
  return [warning('MongoDB', found, advice)]
}

function clusterFinding({ where }: { readonly where: string }): Finding {
  const advice = 'set REDIS_URL to a Redis of its own, or leave it out'
  return wrong('Redis', `${where} is part of a Redis Cluster, which cannot be the cache`, advice)
}

function clockFindings(clocks: ReadonlyMap<string, Clocks>): Finding[] {
  const advice = 'set the clocks of both by NTP (timedatectl set-ntp true, chrony)'
  const faults = [...clocks].flatMap(([where, { server, here }]) => {
    const ms = Math.abs(server - here)
    if (ms < CLOCK_WARNING_MS) return []
    const how = server > here ? 'ahead of' : 'behind'
    const found = `the clock of ${where} is ${(ms / 1000).toFixed(1)} s ${how} this machine's`
    return [(ms >= CLOCK_WRONG_MS ? wrong : warning)('clock', found, advice)]
  })
  if (clocks.size === 0 || faults.length > 0) return faults
  return [ok('clock', `within ${CLOCK_WARNING_MS} ms of ${[...clocks.keys()].join(', ')}`)]
}

/**
 * The settings of the cluster way to run: where its servers are, and what a node does in it.
 *
 * Part of the one list in `config.ts`. They mean something only where NATS_URL is set.
 */
import { ROLES } from '../cluster/membership/lease.ts'
import { isLogStreamCount, LOG_STREAMS_MAX } from '../cluster/nats/log-names.ts'
import { isNamespace, NAMESPACE_TAKES } from '../cluster/nats/namespace.ts'
import { ConfigError, flag, integer, matching, severalOf, text } from './setting.ts'

export const CLUSTER_SETTINGS = {
  natsUrl: text('NATS_URL', {
    isSecret: true,
    about: 'NATS servers, separated by commas; makes this process a node of a cluster',
  }),
  natsSystemUrl: text('NATS_SYSTEM_URL', {
    isSecret: true,
    about:
      'the same servers, as a user of their system account who may call elections: a leader that ' +
      'dies is replaced within 3 s instead of 4 to 9; may be left out',
  }),
  mongoUrl: text('MONGO_URL', { isSecret: true, about: 'MongoDB, the store of a cluster' }),
  redisUrl: text('REDIS_URL', {
    isSecret: true,
    about: 'Redis, what gateways ask when an owner does not answer; may be left out',
  }),
  roles: severalOf('TINYGRID_ROLES', {
    fallback: ROLES.join(','),
    of: ROLES,
    about: 'what this node does: answer HTTP, own partitions, store clicks and answer about them',
  }),
  namespace: matching('TINYGRID_NAMESPACE', isNamespace, NAMESPACE_TAKES, {
    fallback: 'tinygrid',
    about: 'what the names of a cluster start with in NATS, MongoDB and Redis',
  }),
  logReplicas: integer('TINYGRID_LOG_REPLICAS', {
    fallback: '1',
    min: 1,
    max: 5,
    unit: '1, 3 or 5 NATS servers',
    about: 'copies of the log in NATS',
  }),
  logStreams: integer('TINYGRID_LOG_STREAMS', {
    fallback: '1',
    min: 1,
    max: LOG_STREAMS_MAX,
    unit: 'a power of two',
    about: 'streams that the log in NATS is spread over, fixed when the cluster is made',
  }),
  nearCache: flag('TINYGRID_NEAR_CACHE', {
    fallback: 'true',
    about: 'whether a gateway keeps redirects of other nodes for up to a second',
  }),
  reusePort: flag('TINYGRID_REUSE_PORT', {
    fallback: 'false',
    about: 'whether several nodes of this machine share the port',
  }),
} as const

/** Of each stream's share: so that an entry fits, as in a log of the least size. */
const STREAM_BYTES_MIN = 2 ** 20

interface ClusterValues {
  readonly natsUrl: string | undefined
  readonly natsSystemUrl: string | undefined
  readonly mongoUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly apiKey: string | undefined
  readonly clicksFeed: boolean
  readonly logReplicas: number
  readonly logStreams: number
  readonly logBytesMax: number
}

/** @throws ConfigError if one is missing, or means nothing, without the other */
export function checkClusterSettings(values: ClusterValues): void {
  const { natsUrl, mongoUrl, apiKey } = values
  if (natsUrl === undefined) {
    const stray = strayOf(values)
    if (stray === undefined) return
    throw new ConfigError(`${stray} is set, but NATS_URL is not: without it no server is used`)
  }
  if (mongoUrl === undefined) {
    throw new ConfigError('MONGO_URL is missing: a cluster (NATS_URL is set) keeps its links there')
  }
  if (apiKey === undefined) {
    throw new ConfigError('TINYGRID_API_KEY is missing: all nodes of a cluster must have the same')
  }
  checkLog(values)
}

/** What is set and means nothing without servers. */
function strayOf({ natsSystemUrl, mongoUrl, redisUrl, clicksFeed }: ClusterValues) {
  if (natsSystemUrl !== undefined) return 'NATS_SYSTEM_URL'
  if (mongoUrl !== undefined) return 'MONGO_URL'
  if (redisUrl !== undefined) return 'REDIS_URL'
  return clicksFeed ? 'TINYGRID_CLICKS_FEED' : undefined
}

function checkLog({ logReplicas, logStreams, logBytesMax }: ClusterValues): void {
  if (logReplicas % 2 === 0) {
    throw new ConfigError(`TINYGRID_LOG_REPLICAS is "${logReplicas}", but must be 1, 3 or 5`)
  }
  if (!isLogStreamCount(logStreams)) {
    const takes = `a power of two from 1 to ${LOG_STREAMS_MAX}`
    throw new ConfigError(`TINYGRID_LOG_STREAMS is "${logStreams}", but must be ${takes}`)
  }
  if (logBytesMax < logStreams * STREAM_BYTES_MIN) {
    throw new ConfigError(
      `TINYGRID_LOG_MAX is ${logBytesMax} bytes, but must be at least 1MB for each of ` +
        `${logStreams} TINYGRID_LOG_STREAMS`,
    )
  }
}

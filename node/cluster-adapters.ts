/**
 * The cluster way to run: log and agreement in NATS, links in MongoDB, Redis as fallback.
 *
 * Opens what the settings name, in an order in which a wrong address or password is told in one line
 * before anything is written. NATS must be there; MongoDB and Redis may come later.
 */
import type { NatsConnection } from 'nats'
import type { Logger } from 'pino'
import type { ClickSeams } from './click-recording.ts'
import type { BackupSeams } from './node-backup.ts'
import type { ClusterSeams } from './node-options.ts'
import { JetStreamClickLog } from '../clicks/log/jetstream-click-log.ts'
import { JetStreamClickReader } from '../clicks/log/jetstream-click-reader.ts'
import { KeyValueSalts } from '../clicks/ring/key-value-salts.ts'
import { systemClock } from '../links/clock.ts'
import { toEpochMs, type EpochMs } from '../links/ids.ts'
import type { LongWork } from '../links/long-work.ts'
import type { MembershipEvent } from '../cluster/membership/membership-event.ts'
import { MoleculerPeers } from '../cluster/peers/moleculer-peers.ts'
import { RefusedInput } from '../cluster/refused-input.ts'
import { namesOf } from '../cluster/nats/namespace.ts'
import { connectNats, connectNatsSystem } from '../cluster/nats/nats-connection.ts'
import type { OnUnanswered } from '../cluster/nats/nats-connection.ts'
import { accountOf, ElectionCaller } from '../cluster/nats/election-caller.ts'
import { NatsEvents } from '../cluster/nats/nats-events.ts'
import { natsServer } from '../cluster/nats/nats-server.ts'
import { readSyncs } from '../cluster/nats/server-syncs.ts'
import { NatsKeyValue } from '../cluster/nats/nats-key-value.ts'
import { openNatsService, type AskedNode } from '../cluster/nats/nats-service.ts'
import { ClusterSettings } from '../cluster/nats/cluster-settings.ts'
import type { Config } from '../config.ts'
import type { Outside } from './node-observation.ts'
import { readLogFacts } from '../persistence/log/jetstream-facts.ts'
import { JetStreamLog } from '../persistence/log/jetstream-log.ts'
import { findLogStream } from '../persistence/log/jetstream-streams.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import { isForeignPayload } from '../persistence/log/log-record.ts'
import type { Log } from '../persistence/log/log.ts'
import { MongoLinkStore } from '../persistence/store/mongo-link-store.ts'
import { RedisFallbackCache } from '../persistence/cache/redis-fallback-cache.ts'
import { openAccess, type ClusterAccess } from './cluster-access.ts'
import { PROGRAM_VERSION } from './program-version.ts'
import { agreeOnDomains } from './domain-agreement.ts'
import { addressOf } from './node-address.ts'
import { serverTlsOf } from './server-tls-settings.ts'

const DAY_MS = 86_400_000

export interface OpenCluster extends Omit<ClusterAccess, 'hooks'> {
  readonly log: Log
  readonly store: LinkStore
  readonly cluster: ClusterSeams
  /** undefined: clicks are not counted. */
  readonly clicks: ClickSeams | undefined
  readonly outside: Outside
  readonly apiKey: string
  readonly backup: BackupSeams
  readonly connection: NatsConnection
  readonly refused: RefusedInput
  close(): Promise<void>
}

/** @throws StartError with one line that says what to mend */
export async function openCluster(
  config: Config,
  logger: Logger,
  work: LongWork,
): Promise<OpenCluster> {
  const opened: { close(): Promise<unknown> }[] = []
  const keep = <T extends { close(): Promise<unknown> }>(part: T): T => {
    opened.unshift(part)
    return part
  }
  const close = async () => {
    for (const part of opened) await part.close()
  }
  try {
    return { ...(await openParts(config, { logger, work }, keep)), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Keep = <T extends { close(): Promise<unknown> }>(part: T) => T

async function openParts(
  config: Config,
  { logger, work }: { readonly logger: Logger; readonly work: LongWork },
  keep: Keep,
): Promise<Omit<OpenCluster, 'close'>> {
  const { nodeId, namespace, roles } = config
  const url = config.natsUrl!
  const { inboxPrefix } = namesOf(namespace)
  const tls = serverTlsOf(config, 'NATS')
  const name = `${namespace} ${nodeId}`
  const connection = keep(await connectNats({ url, tls, name, inboxPrefix }))
  const refused = new RefusedInput((what) => logger.warn(what))
  const onError = (what: string, error: unknown) => logger.warn({ err: error }, what)
  const leaders = await openElections(config, connection, logger, keep)
  const data = { connection, refused, work, onError, leaders }
  const { keyValue, log, store, identity } = await openData(config, data, keep)
  if (roles.includes('gateway')) {
    const names = (config.domains ?? []).map(({ name: domain }) => domain)
    await agreeOnDomains(keyValue, names, (what) => logger.warn(what))
  }
  if ((await store.check()) === 'unreachable') logger.warn('MongoDB cannot be reached yet')
  const cache = await openCache(config, logger, keep)
  const clicks = config.clicks ? await openClicks(config, identity, keep) : undefined
  const { hooks, ...access } = await openAccess(config, { ...data, identity }, keep)
  // A connection of their own: what one node sends another must not hold up its lease.
  const calls = keep(await connectNats({ url, tls, name: `${name} calls`, inboxPrefix }))
  const peers = keep(new MoleculerPeers({ connection: calls, namespace, nodeId, onError, refused }))
  const { nearCache } = config
  const events = keep(new NatsEvents({ connection, namespace, clock: systemClock, now }))
  const cluster = {
    keyValue,
    peers,
    refused,
    cache,
    staleStore: store.stale,
    roles,
    nearCache,
    url: addressOf(config),
    onEvent: (event: MembershipEvent) => events.note(event),
    openService: (node: AskedNode) =>
      openNatsService({ connection, namespace, version: PROGRAM_VERSION, onError }, node),
  }
  const outside = {
    servers: [natsServer(connection), store.server, ...(cache === undefined ? [] : [cache.server])],
    readLog: () => readLogFacts(connection, namespace, config.logStreams, leaders.syncs()),
  }
  const backup = { identity, hooks }
  const parts = { log, store, cluster, clicks, outside, connection, refused, backup, ...access }
  return { ...parts, apiKey: config.apiKey! }
}

/** undefined: the settings name none. */
async function openCache(config: Config, logger: Logger, keep: Keep) {
  const { redisUrl: url, namespace } = config
  if (url === undefined) return undefined
  const tls = serverTlsOf(config, 'REDIS')
  const onError = (what: string) => logger.warn(what)
  return keep(await RedisFallbackCache.open({ url, namespace, tls, onError }))
}

interface DataParts {
  readonly connection: NatsConnection
  readonly refused: RefusedInput
  readonly work: LongWork
  readonly onError: (what: string, error: unknown) => void
  readonly leaders: Leaders
}

/** The leaders of streams in NATS. */
interface Leaders {
  /** One may be gone. */
  readonly onUnanswered: OnUnanswered
  /** What asks them something, to be told when one is. */
  readonly asking: { abandon(): void }[]
  /** Whether all sync before they acknowledge; null: they have not told. */
  readonly syncs: () => Promise<boolean | null>
}

/** Has others elected where leaders are gone, if it may; else servers elect when they do. */
async function openElections(
  config: Config,
  connection: NatsConnection,
  logger: Logger,
  keep: Keep,
): Promise<Leaders> {
  const { natsSystemUrl: url, namespace, nodeId } = config
  const asking: Leaders['asking'] = []
  if (url === undefined) return { asking, onUnanswered: () => {}, syncs: async () => null }
  const name = `${namespace} ${nodeId} elections`
  const system = keep(await connectNatsSystem({ url, name, tls: serverTlsOf(config, 'NATS') }))
  const caller = await ElectionCaller.open({
    connection: system,
    account: await accountOf(connection),
    clock: systemClock,
    onCall: (groups) => {
      logger.warn({ groups }, 'leaders are gone in NATS: others are elected')
      for (const one of asking) one.abandon()
    },
  })
  keep(caller)
  const syncs = () => readSyncs(system, systemClock)
  return { asking, onUnanswered: () => caller.notice(), syncs }
}

/** What holds the cluster's data: bucket, log and store, each of the same cluster. */
async function openData(
  config: Config,
  { connection, refused, work, onError, leaders }: DataParts,
  keep: Keep,
) {
  const { namespace, partitions, logBytesMax, logStreams, logReplicas: replicas } = config
  // In this order: a log whose bucket is new was there before it.
  const logStream = await findLogStream(connection, namespace, logStreams)
  const keyValue = keep(
    await NatsKeyValue.open({
      connection,
      namespace,
      replicas,
      onUnanswered: leaders.onUnanswered,
      onError: (error) => onError('the cluster could not be watched', error),
    }),
  )
  const { codeCase } = config
  const asked = { partitions, logStreams, codeCase }
  const identity = await ClusterSettings.open({ keyValue, ...asked, logStream })
  const log = keep(
    await JetStreamLog.open({
      connection,
      namespace,
      replicas,
      logBytesMax,
      partitions,
      logStreams,
      identity,
      onUnanswered: leaders.onUnanswered,
      isForeign: isForeignPayload,
      onForeign: (partition) =>
        refused.note('log_entry', 'the log has foreign entries', `, in partition ${partition}`),
      onForeignLetter: (subject) =>
        refused.note('log_entry', 'what lies with the dead letters is none', `: ${subject}`),
    }),
  )
  leaders.asking.push(keyValue, log)
  const store = keep(
    await MongoLinkStore.open(
      {
        url: config.mongoUrl!,
        namespace,
        partitions,
        identity,
        tls: serverTlsOf(config, 'MONGO'),
      },
      work,
    ),
  )
  return { keyValue, log, store, identity: identity.identity }
}

/** Over a connection of their own: as much as they are, nothing of the cluster waits behind them. */
async function openClicks(config: Config, identity: string, keep: Keep): Promise<ClickSeams> {
  const { nodeId, namespace, logReplicas: replicas, clicksLogBytesMax, clicksLogDays } = config
  const { inboxPrefix } = namesOf(namespace)
  const name = `${namespace} ${nodeId} clicks`
  const tls = serverTlsOf(config, 'NATS')
  const connection = keep(await connectNats({ url: config.natsUrl!, tls, name, inboxPrefix }))
  const place = { connection, namespace, replicas }
  const writer = keep(
    await JetStreamClickLog.open({
      ...place,
      bytesMax: clicksLogBytesMax,
      ageMaxMs: clicksLogDays * DAY_MS,
      identity,
      node: nodeId,
      clock: systemClock,
      now,
    }),
  )
  const secrets = keep(await NatsKeyValue.open({ ...place, bucket: 'privateBucket' }))
  const reader = keep(new JetStreamClickReader({ connection, namespace, clock: systemClock }))
  return { writer, reader, salts: new KeyValueSalts(secrets) }
}

function now(): EpochMs {
  return toEpochMs(Date.now())
}

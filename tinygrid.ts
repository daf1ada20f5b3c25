/**
 * Tinygrid put together: a node behind a gateway.
 *
 * Used by `main.ts` with the adapters that the settings ask for, and by tests with adapters that
 * fail on purpose. Which adapters they are is all that differs between the ways to run. The caller
 * opens and closes them.
 */
import type { FastifyInstance, FastifyListenOptions } from 'fastify'
import type { Logger } from 'pino'
import { systemClock } from './cluster/clock.ts'
import type { ClusterStatus, NodeReport } from './cluster/cluster-status.ts'
import { HandOvers } from './cluster/hand-overs.ts'
import { toEpochMs, type EpochMs, type NodeId } from './cluster/ids.ts'
import type { NodeStatus } from './cluster/protocol.ts'
import { gatewaySettingsOf, type Config } from './config.ts'
import { ErrorLog } from './error-log.ts'
import { createGateway } from './gateway/gateway.ts'
import { installFastPath } from './gateway/fast-path.ts'
import { createRedirectCounters } from './gateway/redirect-counters.ts'
import type { ClusterSeams } from './node-in-cluster.ts'
import { Node } from './node.ts'
import { embeddedOutside, NodeObservation, type Outside } from './node-observation.ts'
import type { LinkStore } from './persistence/link-store.ts'
import type { Log } from './persistence/log.ts'
import { ConfigError } from './setting.ts'

export interface TinygridOptions {
  readonly config: Config
  readonly log: Log
  readonly store: LinkStore
  /** undefined: one process, which owns everything. */
  readonly cluster?: ClusterSeams
  /** For people: what the node leans on. Embedded it is the log alone. */
  readonly outside?: Outside
  readonly apiKey: string
  readonly logger: Logger
  readonly now?: () => EpochMs
}

export interface Tinygrid {
  /** Where it listens, `http://localhost:3000`. */
  readonly url: string
  readonly status: () => NodeStatus
  /** What this node tells the others of itself. */
  readonly report: () => NodeReport
  /** What this node sees of the whole cluster: the answer of `GET /api/cluster`. */
  readonly clusterStatus: () => Promise<ClusterStatus>
  /** Resolves when the store's links are in memory, as far as they fit. */
  readonly loaded: Promise<void>
  /** Stops in order: partitions to others, requests, writes, flush. May be called again. */
  close(): Promise<void>
}

/** An opening of all partitions tells how far it is this often. */
const PROGRESS_EVERY_MS = 1_000

/** Opens every partition or joins the cluster, then listens; the background load goes on behind. */
export async function startTinygrid(options: TinygridOptions): Promise<Tinygrid> {
  const now = options.now ?? (() => toEpochMs(Date.now()))
  const handOvers = new HandOvers(now)
  const node = nodeOf(options, now, handOvers)
  const began = Date.now()
  await node.start()
  logTimed(options.logger, 'opened', Date.now() - began)
  return serve(options, node, now, handOvers)
}

function nodeOf(
  { config, log, store, cluster, logger }: TinygridOptions,
  now: () => EpochMs,
  handOvers: HandOvers,
): Node {
  const { nodeId, partitions, memoryBytesMax, dirtyBytesMax } = config
  let toldAt = Date.now()
  return new Node({
    nodeId,
    partitions,
    memoryBytesMax,
    dirtyBytesMax,
    log,
    store,
    ...(cluster === undefined ? {} : { cluster: noting(cluster, handOvers) }),
    clock: systemClock,
    now,
    defer: (action) => setImmediate(action),
    random: Math.random,
    onError: new ErrorLog(logger).report,
    onProgress: (done, links) => {
      if (Date.now() - toldAt < PROGRESS_EVERY_MS) return
      toldAt = Date.now()
      logger.info(`recovering: ${done} of ${partitions} partitions, ${links} links`)
    },
    onLoaded: (loaded, ms) => logTimed(logger, 'loaded from the store', ms, loaded.length),
  })
}

/** The same cluster, with each partition that is handed over noted. */
function noting(cluster: ClusterSeams, handOvers: HandOvers): ClusterSeams {
  return {
    ...cluster,
    onMoved: (partition, to, waitMs) => {
      handOvers.note(partition, to as NodeId, waitMs)
      cluster.onMoved?.(partition, to, waitMs)
    },
  }
}

async function serve(
  options: TinygridOptions,
  node: Node,
  now: () => EpochMs,
  handOvers: HandOvers,
): Promise<Tinygrid> {
  const { config, apiKey, logger } = options
  const owner = node.links
  const redirects = createRedirectCounters()
  const status = () => node.status()
  let address: string | null = null
  const observation = new NodeObservation({
    node,
    nodeId: config.nodeId,
    peers: options.cluster?.peers,
    outside: options.outside ?? embeddedOutside(options.log, config),
    handOvers,
    redirects,
    url: () => config.baseUrl ?? address,
    clock: systemClock,
    now,
  })
  const clusterStatus = () => observation.observer.status()
  const counters = { redirects, router: options.cluster && node.router.counters }
  const { directory } = node
  const told = { status, clusterStatus }
  const settings = gatewaySettingsOf(config)
  const gateway = await createGateway({
    ...counters,
    ...told,
    settings,
    directory,
    owner,
    apiKey,
    logger,
    now,
  })
  const fastPath = config.fastPath
    ? installFastPath(gateway.server, {
        lookup: (code) => owner.lookup(code, now()),
        find: (code) => owner.find(code),
        counters: redirects,
      })
    : undefined
  const url = await listen(gateway, config)
  address = url
  const service = await openService(options, node, status)
  let closing: Promise<void> | undefined
  const close = () => (closing ??= closeInOrder())
  const closeInOrder = async () => {
    await node.leave(config.stopTimeoutMs)
    await service?.close()
    await Promise.all([gateway.close(), fastPath?.close()])
    observation.stop()
    await node.close(config.stopTimeoutMs)
  }
  const report = () => observation.report()
  return { url, status, report, clusterStatus, loaded: node.loaded(), close }
}

/** Answers operators; undefined: nobody can ask. */
function openService({ config, cluster }: TinygridOptions, node: Node, status: () => NodeStatus) {
  if (node.cluster === undefined) return undefined
  const {
    ring,
    cluster: { membership },
  } = node
  return cluster?.openService?.({ nodeId: config.nodeId, ring, membership, status })
}

/** A line for what took long; otherwise only who debugs wants to know. */
function logTimed(logger: Logger, what: string, ms: number, partitions?: number): void {
  logger[ms < PROGRESS_EVERY_MS ? 'debug' : 'info']({ ms: Math.round(ms), partitions }, what)
}

/** Where a person on this machine finds it. @throws ConfigError if HOST or PORT cannot be used */
async function listen(gateway: FastifyInstance, config: Config): Promise<string> {
  const { host, port, reusePort } = config
  // Fastify hands the options on to Node, which knows one more than Fastify's types.
  const options: FastifyListenOptions & { reusePort: boolean } = { host, port, reusePort }
  try {
    const url = new URL(await gateway.listen(options))
    if (['127.0.0.1', '0.0.0.0', '[::]', '[::1]'].includes(url.hostname)) url.hostname = 'localhost'
    return url.origin
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new ConfigError(`HOST ${host} with PORT ${port} cannot be used: ${message}`)
  }
}

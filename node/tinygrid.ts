/**
 * Tinygrid put together: a node behind a gateway.
 *
 * Used by `program.ts` with the adapters that the settings ask for, and by tests with adapters that
 * fail on purpose. Which adapters they are is all that differs between the ways to run. The caller
 * opens and closes them.
 */
import type { Logger } from 'pino'
import type { ClusterSeams } from './node-options.ts'
import { systemClock } from '../links/clock.ts'
import type { ClusterStatus, NodeReport } from '../cluster/observer/cluster-status.ts'
import { HandOvers } from '../cluster/observer/hand-overs.ts'
import { toEpochMs, type EpochMs, type NodeId } from '../links/ids.ts'
import type { NodeStatus } from '../links/link-owner.ts'
import { marked } from '../links/request-mark.ts'
import { noteChanges, startRecording, type ClickRecording } from './click-recording.ts'
import { ErrorLog, logRefused } from './error-log.ts'
import { buildFront, type Front } from './front.ts'
import {
  createRedirectCounters,
  type RedirectCounters,
} from '../gateway/pages/redirect-counters.ts'
import { TaggedCodes } from '../gateway/stats/tagged-codes.ts'
import { liveClicks } from './live-clicks.ts'
import { Node } from './node.ts'
import { beginBackup, type BackupSeams } from './node-backup.ts'
import { analyticsState } from './node-analytics.ts'
import { embeddedOutside, NodeObservation } from './node-observation.ts'
import type { TinygridOptions } from './tinygrid-options.ts'

export interface Tinygrid {
  /** Where it listens, `http://localhost:3000`; null: it has no gateway. */
  readonly url: string | null
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
/** Of the time for a stop, what the hand-off of the partitions may take. */
const LEAVE_SHARE = 0.7
/** Of what is left of it then, what logging the last clicks may take; then what storing them may. */
const RECORDING_SHARE = 0.3
const ANALYTICS_SHARE = 0.5
/** Instead of what is left, where NATS cannot be reached: clicks and flushes wait for it in vain. */
const CUT_OFF_CLOSE_MS = 3_000
/** A node that has started and cannot listen. */
const FAILED_CLOSE_MS = 1_000

/** What the front asks of its node, once there is an answer. */
interface Running {
  observation?: NodeObservation
  closing?: Promise<void>
}

/** Opens every partition or joins the cluster, then listens; the background load goes on behind. */
export async function startTinygrid(options: TinygridOptions): Promise<Tinygrid> {
  const now = options.now ?? (() => toEpochMs(Date.now()))
  const handOvers = new HandOvers(now)
  const { config, clicks, logger } = options
  const recording = clicks && (await startRecording(config, clicks, logger, now))
  const node = nodeOf(options, now, handOvers, recording)
  const redirects = createRedirectCounters()
  const parts = { node, recording, now, handOvers, redirects, running: {} }
  const began = Date.now()
  // In a cluster this comes before the join: from then on others hand partitions over, and writes
  // to those would wait for this node until it is built.
  let front = node.cluster && (await frontOf(options, parts))
  let hasStarted = false
  try {
    await node.start()
    hasStarted = true
    logTimed(logger, 'opened', Date.now() - began)
    front ??= await frontOf(options, parts)
    return await serve(options, parts, front)
  } catch (error) {
    await front?.close()
    await recording?.close(0)
    // What it uses is closed next; and a cluster is to know at once that this node does not serve.
    if (hasStarted) await node.close(FAILED_CLOSE_MS)
    throw error
  }
}

interface Parts {
  readonly node: Node
  readonly recording: ClickRecording | undefined
  readonly now: () => EpochMs
  readonly handOvers: HandOvers
  readonly redirects: RedirectCounters
  readonly running: Running
}

/** undefined: the node is to have none. */
function frontOf(options: TinygridOptions, parts: Parts) {
  const { config, work, clicks, analytics, apiKey, keys, access, logger, telemetry } = options
  const given = { config, work, analytics, apiKey, keys, access, logger, telemetry }
  if (!config.roles.includes('gateway')) return undefined
  const { node, recording, now, redirects, running } = parts
  return buildFront({
    ...given,
    clicks: recording?.recorder,
    live: clicks && liveClicks(config, clicks.reader, work, logger),
    backup: options.backup && backupOf(options, options.backup, node, now),
    node,
    now,
    redirects,
    clusterStatus: () => running.observation!.observer.status(),
    drainNode: node.cluster && ((id, wish) => node.cluster!.draining.ask(id, wish)),
    membership: node.cluster && (() => running.observation!.membership!()),
    log: () => running.observation!.observer.log(),
    isStopping: () => running.closing !== undefined,
  })
}

function backupOf(
  { config, log, store, work, keys, access, analytics, logger }: TinygridOptions,
  seams: BackupSeams,
  node: Node,
  now: () => EpochMs,
) {
  const { codeCase, logStreams } = config
  const { report: onError } = new ErrorLog(logger)
  const own = { node, log, store, work, keys, access, analytics }
  const parts = { ...seams, ...own, codeCase, logStreams, now, onError }
  return (until?: AbortSignal) => beginBackup(parts, until)
}

function nodeOf(
  { config, log, store, work, cluster, logger, stop }: TinygridOptions,
  now: () => EpochMs,
  handOvers: HandOvers,
  recording: ClickRecording | undefined,
): Node {
  const { nodeId, partitions, memoryBytesMax, dirtyBytesMax, logBytesMax } = config
  let toldAt = Date.now()
  return new Node({
    nodeId,
    partitions,
    memoryBytesMax,
    dirtyBytesMax,
    logBytesMax,
    log,
    store,
    work,
    ...(cluster === undefined ? {} : { cluster: { ...noting(cluster, handOvers), stop } }),
    clock: systemClock,
    now,
    // What is gathered in a turn is of several requests, and of none.
    defer: (action) => marked(undefined, () => setImmediate(action)),
    random: Math.random,
    onChanged: recording && ((changes) => noteChanges(recording, changes)),
    onError: new ErrorLog(logger).report,
    onRefused: (refused) => logRefused(logger, refused),
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
  { node, recording, now, handOvers, redirects, running }: Parts,
  front: Front | undefined,
): Promise<Tinygrid> {
  const { config } = options
  let url: string | null = null
  const observation = (running.observation = new NodeObservation({
    node,
    nodeId: config.nodeId,
    peers: options.cluster?.peers,
    outside: options.outside ?? embeddedOutside(options.log, config),
    handOvers,
    redirects,
    analytics: () => analyticsState(config, options.analytics),
    url: () => config.baseUrl ?? url,
    clock: systemClock,
    now,
  }))
  url = (await front?.listen()) ?? null
  const service = await openService(options, node)
  const tagged = new TaggedCodes(node.directory, now)
  options.analytics?.start(
    (tags) => tagged.codesOf(tags),
    () => copiesIn(node),
  )
  observation.start()
  const closeInOrder = async () => {
    let deadline = Date.now() + config.stopDelayMs + config.stopTimeoutMs
    const delayed = new Promise((resolve) => {
      systemClock.after(config.stopDelayMs, () => resolve(undefined))
    })
    await Promise.all([delayed, node.leave(config.stopTimeoutMs * LEAVE_SHARE)])
    if (node.cluster?.membership.isCutOff === true) {
      deadline = Math.min(deadline, Date.now() + CUT_OFF_CLOSE_MS)
      tellLeftBehind(options, node)
    }
    await service?.close()
    await front?.close()
    const leftMs = () => Math.max(0, deadline - Date.now())
    await recording?.close(leftMs() * RECORDING_SHARE)
    await options.analytics?.close(leftMs() * ANALYTICS_SHARE)
    observation.stop()
    await node.close(leftMs())
  }
  return {
    url,
    status: () => node.status(),
    report: () => observation.report(),
    clusterStatus: () => observation.observer.status(),
    loaded: node.loaded(),
    close: () => (running.closing ??= closeInOrder()),
  }
}

function tellLeftBehind({ config, logger }: TinygridOptions, { table }: Node): void {
  const partitions = table.rows.filter(({ owner }) => owner === config.nodeId).length
  const what = 'NATS cannot be reached: the others open from the log what could not be handed over'
  logger.warn({ partitions }, what)
}

/** Nodes that live and have a copy of the clicks. */
function copiesIn({ cluster }: Node): number {
  const leases = [...(cluster?.membership.leases.values() ?? [])]
  return leases.filter(({ roles }) => roles.includes('analytics')).length
}

/** Answers operators; undefined: nobody can ask. */
function openService({ config, cluster }: TinygridOptions, node: Node) {
  if (node.cluster === undefined) return undefined
  const { ring } = node
  const { membership } = node.cluster
  const status = () => node.status()
  const { nodeId, codeCase } = config
  return cluster?.openService?.({ nodeId, ring, membership, status, codeCase })
}

/** A line for what took long; otherwise only who debugs wants to know. */
function logTimed(logger: Logger, what: string, ms: number, partitions?: number): void {
  logger[ms < PROGRESS_EVERY_MS ? 'debug' : 'info']({ ms: Math.round(ms), partitions }, what)
}

/**
 * A node as it tells of itself, and the observer through which it tells of the whole cluster.
 *
 * Used by `tinygrid.ts`. Embedded there is one node, and its table never changes.
 */
import { ClusterObserver, type ObservedMembership } from '../cluster/observer/cluster-observer.ts'
import type { AnalyticsState, NodeReport } from '../cluster/observer/cluster-status.ts'
import type { Clock } from '../links/clock.ts'
import type { HandOvers } from '../cluster/observer/hand-overs.ts'
import type { EpochMs, NodeId } from '../links/ids.ts'
import { ROLES, type NodeLease } from '../cluster/membership/lease.ts'
import type { LogFacts } from '../cluster/observer/log-probe.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import { RateMeter } from '../cluster/observer/rate-meter.ts'
import type { Server } from '../cluster/observer/server-probe.ts'
import type { MembershipNumbers } from '../gateway/operator/membership-metrics.ts'
import type { RedirectCounters } from '../gateway/pages/redirect-counters.ts'
import type { NodeInCluster } from './node-in-cluster.ts'
import type { Node } from './node.ts'
import type { Log } from '../persistence/log/log.ts'
import { PROGRAM_VERSION } from './program-version.ts'

/** What is outside of the process: the servers, and the log as a whole. */
export interface Outside {
  readonly servers: readonly Server[]
  readonly readLog: () => Promise<LogFacts>
}

export interface ObservationOptions {
  readonly node: Node
  readonly nodeId: NodeId
  readonly peers: Peers | undefined
  readonly handOvers: HandOvers
  readonly redirects: RedirectCounters
  readonly outside: Outside
  /** undefined: it has no analytics process. */
  readonly analytics: () => AnalyticsState | undefined
  /** Where this node's gateway listens. */
  readonly url: () => string | null
  readonly clock: Clock
  readonly now: () => EpochMs
}

const SAMPLE_EVERY_MS = 1_000

/** No servers, and the log in the data directory. */
export function embeddedOutside(
  log: Pick<Log, 'bytes'>,
  { logBytesMax }: { readonly logBytesMax: number },
): Outside {
  const durability = {
    replicas: 1,
    replicasCurrent: 1,
    storage: 'file',
    syncsBeforeAnswer: true,
  } as const
  const readLog = async (): Promise<LogFacts> => ({
    kind: 'lmdb',
    entries: null,
    bytes: log.bytes(),
    bytesMax: logBytesMax,
    durability,
    streams: [],
  })
  return { servers: [], readLog }
}

export class NodeObservation {
  readonly observer: ClusterObserver
  readonly #options: ObservationOptions
  readonly #redirects = new RateMeter()
  readonly #appends = new RateMeter()
  /** Milliseconds on the processor. */
  readonly #cpu = new RateMeter()
  #cancel = () => {}

  /** Only after the node's start. */
  constructor(options: ObservationOptions) {
    this.#options = options
    const { nodeId, node, peers, outside, clock, now } = options
    this.observer = new ClusterObserver({
      nodeId,
      peers,
      clock,
      now,
      ...outside,
      refused: node.cluster?.refused,
      membership: node.cluster?.membership ?? this.#lone(),
      report: () => this.report(),
    })
  }

  /** Measures from now on, and keeps the process alive until `stop`: call it when all is well. */
  start(): void {
    this.#sample()
  }

  report(): NodeReport {
    const { node, handOvers, redirects, url, analytics } = this.#options
    const { nodeId: _id, startedAt: _startedAt, ...status } = node.status()
    return {
      url: url(),
      numbers: {
        ...status,
        flushLagMs: Math.round(status.flushLagMs),
        version: PROGRAM_VERSION,
        isFenced: node.cluster?.isFenced() ?? false,
        rssBytes: process.memoryUsage.rss(),
        cpu: round(this.#cpu.perSecond / 1_000),
        redirects: sumOf(redirects),
        redirectsPerSecond: round(this.#redirects.perSecond),
        appendsPerSecond: round(this.#appends.perSecond),
        requestsHeld: node.router.counters.heldNow,
      },
      analytics: analytics() ?? null,
      handingOver: [...(node.cluster?.ownership.moving ?? [])],
      handedOver: handOvers.recent,
    }
  }

  /** undefined: the node is alone. */
  get membership(): (() => MembershipNumbers) | undefined {
    const { cluster } = this.#options.node
    return cluster && (() => this.#partIn(cluster))
  }

  stop(): void {
    this.#cancel()
    this.observer.stop()
  }

  #partIn({ membership, ownership, refused }: NodeInCluster): MembershipNumbers {
    const { nodeId, handOvers } = this.#options
    const { table, leases, controller } = membership
    return {
      isFenced: membership.isFenced(),
      isController: controller === nodeId,
      leaseAgeMs: membership.silenceOf(nodeId),
      nodes: leases.size,
      tableVersion: table.version,
      partitionsWithoutOwner: table.rows.filter(({ owner }) => owner === null).length,
      handingOver: ownership.moving.size,
      handOvers: handOvers.count,
      handOverWaitMs: handOvers.waitMs,
      takeOvers: this.observer.takeOvers,
      refused: refused.counts,
    }
  }

  #sample(): void {
    const { node, redirects, clock } = this.#options
    const at = clock.now()
    const { user, system } = process.cpuUsage()
    this.#redirects.note(sumOf(redirects), at)
    this.#appends.note(node.status().logAppends, at)
    this.#cpu.note((user + system) / 1_000, at)
    this.#cancel = clock.after(SAMPLE_EVERY_MS, () => this.#sample())
  }

  #lone(): ObservedMembership {
    const { nodeId, node } = this.#options
    const { startedAt } = node.status()
    const nothing = { url: null, opened: [], released: [] }
    const lease: NodeLease = { nodeId, startedAt, roles: ROLES, state: 'active', ...nothing }
    return {
      table: node.table,
      leases: new Map([[nodeId, lease]]),
      controller: nodeId,
      onTable: () => () => {},
      silenceOf: () => 0,
    }
  }
}

function sumOf(counters: RedirectCounters): number {
  return Object.values(counters).reduce((sum: number, count: number) => sum + count, 0)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

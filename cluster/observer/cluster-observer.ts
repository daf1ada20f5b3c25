/**
 * The observer: puts together what one node can tell of the whole cluster.
 *
 * One per node, behind `GET /api/cluster`. Knows the table and the leases as this node sees them;
 * asks the other nodes for their numbers and the servers whether they are there, all at once and
 * for at most REPORT_TIMEOUT_MS, so that it answers through any outage. Callers at the same time
 * share one answer. It changes nothing and decides nothing.
 */
import type { Clock } from '../../links/clock.ts'
import { clusterStatusOf } from './cluster-picture.ts'
import type { ClusterStatus, NodeReport } from './cluster-status.ts'
import type { EpochMs, NodeId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import { LogProbe, type DescribedLog, type LogFacts } from './log-probe.ts'
import { MoveHistory } from './move-history.ts'
import type { Peers } from '../peers/peers.ts'
import { parseNodeReport } from './node-report.ts'
import { ServerProbe, type Server } from './server-probe.ts'
import { Malformed } from '../stored-value.ts'
import type { RefusedInput } from '../refused-input.ts'
import type { Table } from '../table/table.ts'

/** What the observer needs of this node's membership; embedded it says that there is one node. */
export interface ObservedMembership {
  readonly table: Table
  readonly leases: ReadonlyMap<NodeId, NodeLease>
  readonly controller: NodeId | undefined
  onTable(listener: (table: Table) => void): () => void
  /** Milliseconds without a renewal of the node's lease; undefined: it has none. */
  silenceOf(node: NodeId): number | undefined
}

export interface ClusterObserverOptions {
  readonly nodeId: NodeId
  readonly membership: ObservedMembership
  /** undefined: embedded. */
  readonly peers?: Peers | undefined
  readonly refused?: RefusedInput | undefined
  /** What this node tells of itself. */
  readonly report: () => NodeReport
  readonly servers: readonly Server[]
  readonly readLog: () => Promise<LogFacts>
  readonly clock: Clock
  /** The wall clock. */
  readonly now: () => EpochMs
}

/** Answered by every node with its NodeReport. */
export const REPORT_CALL = 'node.report'
const REPORT_TIMEOUT_MS = 300

export class ClusterObserver {
  readonly #options: ClusterObserverOptions
  readonly #moves: MoveHistory
  readonly #servers: readonly ServerProbe[]
  readonly #log: LogProbe
  readonly #unfollow: () => void
  #answering: Promise<ClusterStatus> | undefined

  constructor(options: ClusterObserverOptions) {
    this.#options = options
    const { membership, peers, report, servers, readLog, clock, now } = options
    this.#moves = new MoveHistory(membership.table, now())
    this.#unfollow = membership.onTable((table) => this.#moves.observe(table, now()))
    this.#servers = servers.map((server) => new ServerProbe(server, clock, now))
    this.#log = new LogProbe(readLog, clock)
    peers?.handle(REPORT_CALL, report)
  }

  status(): Promise<ClusterStatus> {
    this.#answering ??= this.#gather().finally(() => {
      this.#answering = undefined
    })
    return this.#answering
  }

  /** As last told; it is asked at most once a second, whoever wants to know. */
  log(): Promise<DescribedLog> {
    return this.#log.facts()
  }

  /** Partitions whose owner had died, taken over by anybody, since this node started. */
  get takeOvers(): number {
    return this.#moves.takeOvers
  }

  stop(): void {
    this.#unfollow()
  }

  async #gather(): Promise<ClusterStatus> {
    const { nodeId, membership, peers, now } = this.#options
    const [reports, servers, log] = await Promise.all([
      this.#reports(),
      Promise.all(this.#servers.map((server) => server.state())),
      this.#log.facts(),
    ])
    const mode = peers === undefined ? 'embedded' : 'cluster'
    const moves = this.#moves
    return clusterStatusOf({ mode, nodeId, at: now(), membership, reports, moves, log, servers })
  }

  /** Of the nodes that answer in time. */
  async #reports(): Promise<ReadonlyMap<NodeId, NodeReport>> {
    const { nodeId, membership, report, peers } = this.#options
    const own = report()
    const reports = new Map([[nodeId, own]])
    const others = [...membership.leases.keys()].filter((node) => node !== nodeId)
    const asking = others.map(async (node) => {
      const answer = await peers?.call(node, REPORT_CALL, null, REPORT_TIMEOUT_MS)
      try {
        reports.set(node, parseNodeReport(answer, own))
      } catch (error) {
        // Counts as no answer.
        if (!(error instanceof Malformed)) throw error
        this.#options.refused?.note('message', `${REPORT_CALL}: ${error.message}`)
      }
    })
    await Promise.allSettled(asking)
    return new Map(reports)
  }
}

/**
 * From what an observer has gathered to the one value that is told: pure.
 */
import type {
  ClusterMove,
  ClusterNode,
  ClusterStatus,
  EndedMove,
  HandedOver,
  LogState,
  NodeReport,
  ServerState,
} from './cluster-status.ts'
import type { EpochMs, NodeId } from '../../links/ids.ts'
import { LEASE_DEAD_MS, type NodeLease } from '../membership/lease.ts'
import type { DescribedLog } from './log-probe.ts'
import type { MoveHistory, SeenEnd, SeenMove } from './move-history.ts'
import type { Table } from '../table/table.ts'

export interface Gathered {
  readonly mode: ClusterStatus['mode']
  readonly nodeId: NodeId
  readonly at: EpochMs
  readonly membership: {
    readonly table: Table
    readonly leases: ReadonlyMap<NodeId, NodeLease>
    readonly controller: NodeId | undefined
    silenceOf(node: NodeId): number | undefined
  }
  /** Of the nodes that answered. */
  readonly reports: ReadonlyMap<NodeId, NodeReport>
  readonly moves: Pick<MoveHistory, 'underWay' | 'done'>
  readonly log: DescribedLog
  readonly servers: readonly ServerState[]
}

export function clusterStatusOf(gathered: Gathered): ClusterStatus {
  const { mode, nodeId, at, membership, reports, moves, log, servers } = gathered
  const { table, leases, controller } = membership
  const data = table.toData()
  const nodes = [...new Set([...leases.keys(), ...data.nodes])].sort()
  return {
    mode,
    nodeId,
    at: isoTime(at),
    controller: controller ?? null,
    nodes: nodes.map((node) => nodeOf(node, gathered)),
    table: {
      ...data,
      partitions: table.partitions,
    },
    moves: {
      underWay: moves.underWay.map((move) => moveOf(move, reports)),
      done: endedMoves(moves.done, reports),
    },
    log: {
      ...log,
      ...lagOf(reports),
    },
    servers,
  }
}

function nodeOf(id: NodeId, { membership, reports }: Gathered): ClusterNode {
  const { table, leases, controller } = membership
  const lease = leases.get(id)
  const leaseAgeMs = lease === undefined ? undefined : membership.silenceOf(id)
  return {
    id,
    url: reports.get(id)?.url ?? lease?.url ?? null,
    roles: lease?.roles ?? [],
    state: stateOf(lease, table.ownedBy(id).length),
    startedAt: lease === undefined ? null : isoTime(lease.startedAt),
    // Who does not watch the lease goes by the controller's word, which is that there is one.
    isAlive: lease !== undefined && (leaseAgeMs ?? 0) < LEASE_DEAD_MS,
    isController: id === controller,
    leaseAgeMs: leaseAgeMs === undefined ? null : Math.round(leaseAgeMs),
    partitionsOwned: table.ownedBy(id).length,
    numbers: reports.get(id)?.numbers ?? null,
    analytics: reports.get(id)?.analytics ?? null,
  }
}

function stateOf(lease: NodeLease | undefined, partitions: number): ClusterNode['state'] {
  if (lease === undefined) return 'gone'
  if (lease.isDrained !== true) return lease.state
  return partitions > 0 ? 'draining' : 'drained'
}

function moveOf(move: SeenMove, reports: ReadonlyMap<NodeId, NodeReport>): ClusterMove {
  const { partition, from, to, since } = move
  const isMoving = from !== null && reports.get(from)?.handingOver.includes(partition)
  const state = from === null ? 'taking_over' : isMoving ? 'handing_over' : 'waiting'
  return { partition, from, to, since: isoTime(since), state }
}

function endedMoves(
  done: readonly SeenEnd[],
  reports: ReadonlyMap<NodeId, NodeReport>,
): EndedMove[] {
  const waits = waitsOf(reports)
  return done.map(({ partition, from, to, since, endedAt }) => {
    const key = `${from} ${to} ${partition}`
    const waitMs = waits.get(key)?.waitMs ?? null
    // An older move of the same kind had a wait of its own.
    waits.delete(key)
    const times = { since: since === null ? null : isoTime(since), endedAt: isoTime(endedAt) }
    return { partition, from, to, ...times, waitMs }
  })
}

/** The last hand-over of each partition between two nodes. */
function waitsOf(reports: ReadonlyMap<NodeId, NodeReport>): Map<string, HandedOver> {
  const all = [...reports].flatMap(([from, { handedOver }]) =>
    handedOver.map((one) => [`${from} ${one.to} ${one.partition}`, one] as const),
  )
  return new Map(all)
}

function lagOf(reports: ReadonlyMap<NodeId, NodeReport>): Pick<LogState, 'lagMs' | 'dirtyLinks'> {
  const numbers = [...reports.values()].map((report) => report.numbers)
  return {
    lagMs: Math.round(Math.max(0, ...numbers.map(({ flushLagMs }) => flushLagMs))),
    dirtyLinks: numbers.reduce((sum, { dirtyLinks }) => sum + dirtyLinks, 0),
  }
}

function isoTime(time: EpochMs): string {
  return new Date(time).toISOString()
}

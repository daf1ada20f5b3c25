/**
 * What is told of a whole cluster, as one value: nodes, table, moves, log, servers.
 *
 * Made by `ClusterObserver`; answered by `GET /api/cluster`, drawn by the web page, asked for by
 * operators' commands. Plain data, fit for JSON: times are ISO 8601 in UTC, durations milliseconds.
 * Embedded it is the same value: one node, which owns every partition, and no servers.
 *
 * It is the view of the node that answers. The table and the leases are the newest it has seen; the
 * numbers of other nodes are what they told it just now, or null where one did not answer in time.
 */
import type { EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import type { Role } from '../membership/lease.ts'
import type { NodeStatus } from '../../links/link-owner.ts'
import type { TableData } from '../table/table.ts'

export interface ClusterStatus {
  readonly mode: 'embedded' | 'cluster'
  /** The node whose view this is. */
  readonly nodeId: NodeId
  readonly at: string
  /** null: none is known just now. */
  readonly controller: NodeId | null
  /** In order of their names; those with a lease, and those that the table still names. */
  readonly nodes: readonly ClusterNode[]
  /** Rows in ring order: partition p holds the p-th of equal parts of the hash ring. */
  readonly table: TableData & { readonly partitions: number }
  readonly moves: {
    readonly underWay: readonly ClusterMove[]
    /** Seen by this node, the newest first; at most MOVES_KEPT_MAX. */
    readonly done: readonly EndedMove[]
  }
  readonly log: LogState
  /** What the cluster leans on: NATS, MongoDB, Redis. Empty if embedded. */
  readonly servers: readonly ServerState[]
}

export interface ClusterNode {
  readonly id: NodeId
  /** Where its gateway listens, for people; null if it has none, or nothing is known of it. */
  readonly url: string | null
  readonly roles: readonly Role[]
  /**
   * draining: gives its partitions away, and will stay; drained: has none left.
   * gone: it has no lease, and the table still names it.
   */
  readonly state: 'active' | 'draining' | 'drained' | 'leaving' | 'gone'
  readonly startedAt: string | null
  /** Its lease was renewed in time, as far as this node has seen. */
  readonly isAlive: boolean
  readonly isController: boolean
  /** Since this node saw its lease renewed; null if it has none. */
  readonly leaseAgeMs: number | null
  /** By the table. */
  readonly partitionsOwned: number
  /** What it says of itself; null: it did not answer in time. */
  readonly numbers: NodeNumbers | null
  /** Its analytics process, as it says; null: it has none, or did not answer in time. */
  readonly analytics: AnalyticsState | null
}

/** What brings clicks from their log into a store, and answers about them. */
export interface AnalyticsState {
  readonly store: (typeof CLICK_STORES)[number]
  /** Whether questions are answered. */
  readonly isAnswering: boolean
  /** Of the click log: up to where the store has everything. */
  readonly position: number
  /** Batches of the click log that are not stored. */
  readonly lag: number
  /** Clicks stored since the node started, and those that the log had dropped before. */
  readonly stored: number
  readonly lost: number
  /** Of the store, a while ago; null: not known. */
  readonly bytes: number | null
  /** The last thing that went wrong since the node started; null: nothing did. */
  readonly lastError: string | null
}

export const CLICK_STORES = ['duckdb', 'clickhouse'] as const

/** Gauges now, and counters since its process started. */
export type NodeNumbers = Omit<NodeStatus, 'nodeId' | 'startedAt'> & NodeLoad

export interface NodeLoad {
  /** Of the program. */
  readonly version: string
  /** Its lease is too old for it to answer as an owner. */
  readonly isFenced: boolean
  /** Of the whole process, in bytes. */
  readonly rssBytes: number
  /** Time on the processor per time passed, over the last seconds: 1 is one core. */
  readonly cpu: number
  /** Answers to visitors of short links by its gateway. */
  readonly redirects: number
  readonly redirectsPerSecond: number
  /** Batches of writes that it appended to the log. */
  readonly appendsPerSecond: number
  /** Requests that wait in its gateway for an owner. */
  readonly requestsHeld: number
}

/** What a node tells the others of itself. */
export interface NodeReport {
  /** Where its gateway really listens; null if it has none. */
  readonly url: string | null
  readonly numbers: NodeNumbers
  /** null: it has no analytics process. */
  readonly analytics: AnalyticsState | null
  /** Partitions that it hands over at this moment. */
  readonly handingOver: readonly PartitionId[]
  /** Lately handed over, the newest last. */
  readonly handedOver: readonly HandedOver[]
}

export interface HandedOver {
  readonly partition: PartitionId
  readonly to: NodeId
  /** How long the partition's writes waited: until the source saw the new owner in the table. */
  readonly waitMs: number
  readonly at: EpochMs
}

export interface ClusterMove {
  readonly partition: PartitionId
  /** null: the owner died, and `to` opens the partition from the log. */
  readonly from: NodeId | null
  readonly to: NodeId
  /** When this node saw it planned. */
  readonly since: string
  /** waiting: its source hands over others first. */
  readonly state: 'waiting' | 'handing_over' | 'taking_over'
}

export interface EndedMove {
  readonly partition: PartitionId
  /** null: there was no owner. */
  readonly from: NodeId | null
  readonly to: NodeId
  /** null: it was over before this node saw it planned. */
  readonly since: string | null
  readonly endedAt: string
  /** How long the partition's writes waited; null: nobody knows, as after a death. */
  readonly waitMs: number | null
}

export interface LogState {
  readonly kind: 'lmdb' | 'jetstream'
  /** null: not known just now. */
  readonly entries: number | null
  readonly bytes: number | null
  readonly bytesMax: number | null
  /** Age of the oldest write that the store does not have, over all nodes that answered. */
  readonly lagMs: number
  /** Links whose newest version is in the log only, over all nodes that answered. */
  readonly dirtyLinks: number
  readonly durability: Durability
  /** What it is spread over, each with its share; none: it is not in NATS, or has not told yet. */
  readonly streams: readonly LogStreamState[]
}

/** As last told. */
export interface LogStreamState {
  readonly name: string
  /** The server that takes its writes; null: none is elected. */
  readonly leader: string | null
  readonly bytes: number
  readonly bytesMax: number
}

/** What a write has behind it when it is answered. */
export interface Durability {
  /** Copies that the log is to have; null: not known just now. */
  readonly replicas: number | null
  /** Copies that have everything at this moment; a majority of `replicas` acknowledges. */
  readonly replicasCurrent: number | null
  readonly storage: 'file' | 'memory' | null
  /** null: the NATS servers decide (`sync_interval`), and only who has NATS_SYSTEM_URL is told. */
  readonly syncsBeforeAnswer: boolean | null
  /** The same in one sentence. */
  readonly description: string
}

export interface ServerState {
  readonly name: 'NATS' | 'MongoDB' | 'Redis'
  readonly address: string
  readonly isReachable: boolean
  /** Since when it is so, as this node has noticed. */
  readonly since: string
  /** As last heard; null: never reached. */
  readonly version: string | null
  /** Of the last answer; null while it cannot be reached. */
  readonly roundTripMs: number | null
}

/**
 * The cluster as the service tells of it, as far as the page shows it: `GET /api/cluster`.
 *
 * Times are ISO 8601 by the clock of the node that answered, so ages are taken against `at`.
 */

export interface ClusterStatus {
  readonly mode: 'embedded' | 'cluster'
  readonly nodeId: string
  readonly at: string
  readonly nodes: readonly ClusterNode[]
  readonly table: {
    readonly version: number
    readonly nodes: readonly string[]
    readonly rows: readonly Row[]
  }
  readonly moves: { readonly underWay: readonly Move[]; readonly done: readonly EndedMove[] }
  readonly log: LogState
  readonly servers: readonly ServerState[]
}

/** Places in the table's list of nodes, -1: none. In order of partitions. */
export type Row = readonly [owner: number, epoch: number, target: number]

export interface ClusterNode {
  readonly id: string
  readonly url: string | null
  readonly roles: readonly string[]
  readonly state: 'active' | 'draining' | 'drained' | 'leaving' | 'gone'
  readonly startedAt: string | null
  readonly isAlive: boolean
  readonly isController: boolean
  readonly leaseAgeMs: number | null
  readonly partitionsOwned: number
  /** null: it did not answer in time. */
  readonly numbers: NodeNumbers | null
  /** null: it has no analytics process, or did not answer in time. */
  readonly analytics: AnalyticsState | null
}

export interface AnalyticsState {
  readonly store: 'duckdb' | 'clickhouse'
  readonly isAnswering: boolean
  readonly lag: number
  readonly bytes: number | null
  readonly lastError: string | null
}

export interface NodeNumbers {
  readonly version: string
  readonly isFenced: boolean
  readonly partitionsOwned: number
  readonly partitionsComplete: number
  readonly linksInMemory: number
  readonly memoryBytes: number
  readonly memoryBytesMax: number
  readonly rssBytes: number
  readonly cpu: number
  readonly redirectsPerSecond: number
  readonly appendsPerSecond: number
  readonly requestsHeld: number
  readonly dirtyLinks: number
  readonly dirtyBytes: number
  readonly dirtyBytesMax: number
  readonly flushLagMs: number
}

export interface Move {
  readonly partition: number
  /** null: its owner died. */
  readonly from: string | null
  readonly to: string
  readonly since: string
  readonly state: 'waiting' | 'handing_over' | 'taking_over'
}

export interface EndedMove {
  readonly partition: number
  readonly from: string | null
  readonly to: string
  readonly endedAt: string
  readonly waitMs: number | null
}

export interface LogState {
  readonly kind: 'lmdb' | 'jetstream'
  readonly entries: number | null
  readonly bytes: number | null
  readonly bytesMax: number | null
  readonly lagMs: number
  readonly dirtyLinks: number
  readonly durability: {
    readonly replicas: number | null
    readonly replicasCurrent: number | null
    readonly description: string
  }
  readonly streams: readonly { readonly leader: string | null }[]
}

export interface ServerState {
  readonly name: string
  readonly address: string
  readonly isReachable: boolean
  readonly since: string
  readonly version: string | null
  readonly roundTripMs: number | null
}

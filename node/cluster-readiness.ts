/**
 * Whether requests should be sent to a node of a cluster: what `GET /health/ready` answers.
 *
 * Used by `node-in-cluster.ts`. A node is ready once every partition had a living owner, and stays it: what
 * happens to partitions and servers later is seen by all nodes alike, and load balancers that take
 * all of them away make a fault of some links an outage of all. A node without NATS still redirects.
 * Rejected: to be ready only while every partition has an owner, which takes the whole cluster out of
 * service for the two seconds after a node was killed; to wait at the start for as long as it takes,
 * since one partition that cannot be opened would keep a cluster that was restarted from serving.
 */
import type { NodeId } from '../links/ids.ts'
import type { Clock } from '../links/clock.ts'
import type { Table } from '../cluster/table/table.ts'

/** What a node has seen of its cluster. */
interface SeenCluster {
  readonly table: Table
  readonly leases: ReadonlyMap<NodeId, unknown>
}

/** After this time a node serves what can be served. */
export const READY_WAIT_MS_MAX = 60_000

export class ClusterReadiness {
  readonly #cluster: SeenCluster
  readonly #clock: Clock
  #joinedAt: number | undefined
  /** Never false again. */
  #isReady = false

  constructor(cluster: SeenCluster, clock: Clock) {
    this.#cluster = cluster
    this.#clock = clock
  }

  /** The node has its lease, and knows the table. */
  joined(): void {
    this.#joinedAt = this.#clock.now()
  }

  get isReady(): boolean {
    if (this.#joinedAt === undefined) return false
    this.#isReady ||= this.#isComplete() || this.#clock.now() - this.#joinedAt > READY_WAIT_MS_MAX
    return this.#isReady
  }

  #isComplete(): boolean {
    const { table, leases } = this.#cluster
    return table.rows.every(({ owner }) => owner !== null && leases.has(owner))
  }
}

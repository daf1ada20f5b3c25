/**
 * What a node is put together from: the seams, the limits, and what is not deterministic.
 *
 * Used by `node.ts` and `node-in-cluster.ts`; `cluster` is there only for a node of a cluster.
 */
import type { AppliedChange } from '../actors/partition/applied-change.ts'
import type { RefusedRequest } from '../actors/remote/refused-requests.ts'
import type { KeyValue } from '../cluster/membership/key-value.ts'
import type { Role } from '../cluster/membership/lease.ts'
import type { MembershipEvent } from '../cluster/membership/membership-event.ts'
import type { AskedNode } from '../cluster/nats/nats-service.ts'
import type { RefusedInput } from '../cluster/refused-input.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import type { Clock } from '../links/clock.ts'
import type { EpochMs, NodeId, PartitionId } from '../links/ids.ts'
import type { LongWork } from '../links/long-work.ts'
import type { FallbackCache } from '../persistence/cache/fallback-cache.ts'
import type { Log } from '../persistence/log/log.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'

export interface NodeOptions {
  readonly nodeId: NodeId
  readonly partitions: number
  readonly memoryBytesMax: number
  readonly dirtyBytesMax: number
  /** Bytes that the log may hold, of all nodes together; undefined: only dirtyBytesMax counts. */
  readonly logBytesMax?: number
  readonly log: Log
  readonly store: LinkStore
  readonly work: LongWork
  readonly clock: Clock
  /** The wall clock. */
  readonly now: () => EpochMs
  /** Runs an action when all input of this event-loop turn is in. */
  readonly defer: (action: () => void) => void
  /** From 0 to below 1. */
  readonly random: () => number
  /** How to reach other nodes; undefined: there are none. */
  readonly cluster?: ClusterSeams
  /** Of the messages of a hand-off; as in HandOffSource. */
  readonly pieceBytes?: number
  /** Told what was changed here, once it is durable. */
  readonly onChanged?: ((changes: readonly AppliedChange[]) => void) | undefined
  /** Told what goes wrong and is tried again. */
  readonly onError: (what: string, error: unknown) => void
  /** Told of requests of other nodes that were refused here, where they have an id. */
  readonly onRefused?: (refused: RefusedRequest) => void
  /** Told how far an opening of all partitions is. */
  readonly onProgress?: (partitionsDone: number, linksReplayed: number) => void
  /** Told when links were brought from the store. */
  readonly onLoaded?: (partitions: readonly PartitionId[], ms: number) => void
}

export interface ClusterSeams {
  readonly keyValue: KeyValue
  readonly peers: Peers
  /** What came by NATS and was not believed: the adapters and the node fill the same one. */
  readonly refused?: RefusedInput
  /** undefined: there is none. */
  readonly cache?: FallbackCache | undefined
  /** For redirects in an owner's place, where it may be behind; undefined: the store is asked. */
  readonly staleStore?: Pick<LinkStore, 'get'>
  readonly roles: readonly Role[]
  /** Where the gateway listens, for people; null if there is none. */
  readonly url: string | null
  /** Whether answers of other nodes are kept for up to a second. */
  readonly nearCache: boolean
  /** Nodes that watch all leases in a large cluster, beside the controller; fewer in tests. */
  readonly judgesMax?: number
  /** Called on the controller only. */
  readonly onEvent?: (event: MembershipEvent) => void
  readonly onMoved?: (partition: PartitionId, to: string, waitMs: number) => void
  /** An operator wants this process to stop, in order; undefined: nobody can. */
  readonly stop?: (() => void) | undefined
  /** From when this node serves until it has given its partitions away: answers operators. */
  readonly openService?: (node: AskedNode) => Promise<{ close(): Promise<void> }>
}

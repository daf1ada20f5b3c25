/**
 * What a node has more in a cluster: membership, ownership, a router that knows the others.
 *
 * Used by `node.ts`, which has the parts that embedded nodes have too.
 */
import { ClusterReadiness } from './cluster-readiness.ts'
import type { ClusterSeams, NodeOptions } from './node-options.ts'
import type { LinkVersion } from '../links/link-record.ts'
import { ClusterFlush } from './cluster-flush.ts'
import { AskedCodes } from '../actors/remote/asked-codes.ts'
import { ChangeBroadcast } from '../actors/remote/change-broadcast.ts'
import { serveOwner } from '../actors/remote/owner-service.ts'
import { Ownership } from '../actors/ownership/ownership.ts'
import type { Actor } from '../actors/partition/actor-effects.ts'
import type { PartitionHost } from '../actors/partition/partition-host.ts'
import type { PartitionMemory } from '../actors/memory/partition-memory.ts'
import type { OpenedMemory } from '../actors/ownership/recovery.ts'
import type { Code, EpochMs, PartitionId } from '../links/ids.ts'
import { hasCode } from '../links/errors.ts'
import { RefusedInput } from '../cluster/refused-input.ts'
import { lastingClock } from '../cluster/membership/lasting-clock.ts'
import { Draining } from '../cluster/membership/draining.ts'
import { Membership } from '../cluster/membership/membership.ts'
import type { Ring } from '../links/ring.ts'
import { TablePlacement } from '../cluster/table/table-placement.ts'
import { Router } from '../routing/router.ts'
import { FallbackFeed } from '../persistence/cache/fallback-feed.ts'
import type { WriteBehind } from '../persistence/write-behind/write-behind.ts'

interface NodeParts {
  readonly ring: Ring
  readonly host: PartitionHost
  readonly writeBehind: WriteBehind
  readonly startedAt: EpochMs
  readonly newMemory: () => PartitionMemory
  readonly newActor: (opened: OpenedMemory) => Actor
  readonly nextMove: () => string
  readonly onIncomplete: (partition: PartitionId) => void
}

/** What Redis has not got by then, it misses until its entries end. */
const FEED_CLOSE_MS = 1_000

export class NodeInCluster {
  readonly membership: Membership
  readonly ownership: Ownership
  readonly router: Router
  readonly flush: ClusterFlush
  readonly draining: Draining
  /** What came by NATS and was not believed. */
  readonly refused: RefusedInput
  readonly #seams: ClusterSeams
  readonly #changes: ChangeBroadcast
  readonly #feed: FallbackFeed | undefined
  readonly #readiness: ClusterReadiness

  constructor(options: NodeOptions, seams: ClusterSeams, parts: NodeParts) {
    const { nodeId, partitions, store, clock, now, defer, random, onError } = options
    const { keyValue, peers, roles, url, cache, nearCache, staleStore = store } = seams
    const { ring, host, writeBehind, startedAt } = parts
    this.#seams = seams
    this.refused = seams.refused ?? new RefusedInput()
    this.membership = new Membership({
      refused: this.refused,
      keyValue,
      clock: lastingClock(clock, now),
      nodeId,
      roles,
      url,
      partitions,
      startedAt,
      random,
      onError: (error) => onError('the cluster state could not be read or written', error),
      ...(seams.judgesMax === undefined ? {} : { judgesMax: seams.judgesMax }),
      ...(seams.onEvent === undefined ? {} : { onEvent: seams.onEvent }),
    })
    this.draining = new Draining({
      membership: this.membership,
      peers,
      // The answer goes first.
      stop: () => defer(() => seams.stop?.()),
    })
    this.#readiness = new ClusterReadiness(this.membership, clock)
    const placement = new TablePlacement(this.membership)
    this.ownership = this.#newOwnership(options, parts, placement)
    const own = { ring, nodeId, placement, local: host, peers, clock, now }
    this.router = new Router({
      ...own,
      nearCache,
      defer,
      random,
      fallback: { cache, store: staleStore },
    })
    const asked = new AskedCodes(nodeId, clock)
    this.membership.onTable((table) => asked.see(table))
    serveOwner({
      ...own,
      asked,
      owner: host,
      onError,
      onRefused: options.onRefused,
      openedEpochOf: (partition) => host.actors.get(partition)?.epoch,
    })
    const onChanged = (codes: readonly Code[]) => this.router.forget(codes)
    const nodes = () => this.membership.leases.size
    this.#changes = new ChangeBroadcast({ peers, asked, nodes, clock, defer, onChanged })
    this.#feed = cache && new FallbackFeed({ cache, clock, random })
    this.flush = new ClusterFlush({
      peers,
      clock,
      membership: this.membership,
      barrier: (timeoutMs) => writeBehind.barrier(timeoutMs),
    })
  }

  #newOwnership(options: NodeOptions, parts: NodeParts, placement: TablePlacement): Ownership {
    const { peers, onMoved } = this.#seams
    const { writeBehind } = parts
    const { onError } = options
    return new Ownership({
      ...options,
      ...parts,
      peers,
      placement,
      control: this.membership,
      onError: (what, error) => {
        if (hasCode(error, 'log_gap')) this.refused.note('log_gap', error.message)
        onError(what, error)
      },
      sink: {
        noteApplied: (partition, position, versions) => {
          writeBehind.noteApplied(partition, position, versions)
          // The owner that died may have taken the newest versions with it on their way to Redis.
          this.#feed?.note(versions)
        },
        forget: (partition) => writeBehind.forget(partition),
      },
      ...(onMoved === undefined ? {} : { onMoved }),
    })
  }

  async join(): Promise<void> {
    try {
      await this.membership.join(() => this.#seams.peers.open())
    } catch (error) {
      await this.membership.close()
      throw error
    }
    this.#readiness.joined()
    this.ownership.start()
  }

  isFenced(): boolean {
    return this.membership.isFenced()
  }

  get isReady(): boolean {
    return this.#readiness.isReady
  }

  noteReplaced(partition: PartitionId): void {
    this.ownership.noteReplaced(partition)
  }

  noteApplied(partition: PartitionId, versions: readonly LinkVersion[]): void {
    this.ownership.noteApplied(partition, versions)
    this.#changes.note(partition, versions)
    this.#feed?.note(versions)
  }

  async leave(timeoutMs: number): Promise<void> {
    this.ownership.hurry()
    await this.membership.leave(timeoutMs)
  }

  async close(): Promise<void> {
    this.ownership.stop()
    await this.#feed?.close(FEED_CLOSE_MS)
    await this.membership.close()
  }
}

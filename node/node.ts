/**
 * A node without its gateway: partitions, what survives them, and the way to those of other nodes.
 *
 * Put together here for every way to run. `tinygrid.ts` puts a gateway in front, the simulator a
 * clock and a network of its own: whatever is not deterministic comes in through the options.
 * Embedded (no `cluster`) this node opens every partition itself and there is no one else.
 */
import type { NodeOptions } from './node-options.ts'
import { BackgroundLoad } from '../actors/ownership/background-load.ts'
import { LinkTable } from '../actors/memory/link-table.ts'
import { LoadQueue } from '../actors/ownership/load-queue.ts'
import { Refill } from '../actors/ownership/refill.ts'
import { MemoryBound } from '../actors/memory/memory-bound.ts'
import { PartitionActor } from '../actors/partition/partition-actor.ts'
import type { Actor } from '../actors/partition/actor-effects.ts'
import { PartitionHost } from '../actors/partition/partition-host.ts'
import { PartitionMemory } from '../actors/memory/partition-memory.ts'
import { EpochRecords } from '../actors/ownership/epoch-records.ts'
import { recover, type OpenedMemory } from '../actors/ownership/recovery.ts'
import { pause } from '../links/clock.ts'
import type { EpochMs } from '../links/ids.ts'
import { decodeLink, type LinkVersion } from '../links/link-record.ts'
import type { LinkDirectory, LinkOwner, NodeStatus } from '../links/link-owner.ts'
import { Ring } from '../links/ring.ts'
import { StaticPlacement } from '../cluster/table/static-placement.ts'
import { Table, type Ownership as Row } from '../cluster/table/table.ts'
import { Router } from '../routing/router.ts'
import { dirtyShare } from './dirty-share.ts'
import { nodeStatusOf } from './node-status.ts'
import { nodeDirectory } from './node-directory.ts'
import { NodeInCluster } from './node-in-cluster.ts'
import { WriteBehind } from '../persistence/write-behind/write-behind.ts'

const LIMITS = { mailboxDepthMax: 10_000, batchRecordsMax: 1_000, batchBytesMax: 512 * 1024 }
/**
 * How often log and store are asked.
 *
 * appendsMax: appends under way at a time. The embedded log joins all there are into one
 * transaction; JetStream takes each by itself, and fewer, larger ones cost all processes less.
 * trimMs: between two trims of the log. To JetStream each partition's is a request of its own.
 * loadGatherMs: how long the background load waits for more partitions.
 */
const PACE = {
  embedded: { appendsMax: Infinity, trimMs: 500, loadGatherMs: 20 },
  cluster: { appendsMax: 16, trimMs: 2_000, loadGatherMs: 1_000 },
}
/**
 * In a cluster a tombstone stays this long in the store: an owner that was replaced may be frozen
 * with a flush of an older version under way, and would bring the link back.
 */
const TOMBSTONE_KEPT_MS = 24 * 3_600_000

export class Node {
  readonly ring: Ring
  readonly host: PartitionHost
  readonly writeBehind: WriteBehind
  readonly #options: NodeOptions
  readonly #pace: (typeof PACE)[keyof typeof PACE]
  readonly #bound: MemoryBound
  readonly #loads: LoadQueue
  readonly #stopping = new AbortController()
  readonly #startedAt: EpochMs
  readonly cluster: NodeInCluster | undefined
  /** Names for batches and moves, unique over all nodes and times. */
  readonly #nextName: () => string
  #router: Router | undefined
  /** Reads of the background load that failed, and damaged links that it met. */
  #loadErrors = 0
  /** Embedded: all partitions here. */
  #table: Table | undefined

  constructor(options: NodeOptions) {
    const { log, store, work, clock, now, random, onError, partitions } = options
    this.#options = options
    this.#pace = options.cluster === undefined ? PACE.embedded : PACE.cluster
    this.#startedAt = now()
    this.#nextName = nameMaker(options)
    this.ring = new Ring(partitions)
    this.#bound = new MemoryBound(options.memoryBytesMax, partitions)
    this.host = new PartitionHost({
      ring: this.ring,
      log,
      store,
      work,
      bound: this.#bound,
      clock,
      now,
      onError,
      appendsMax: this.#pace.appendsMax,
      defer: options.defer,
      isFenced: () => this.cluster?.isFenced() ?? false,
      onReplaced: (partition) => this.cluster?.noteReplaced(partition),
      onApplied: (partition, versions) => this.cluster?.noteApplied(partition, versions),
      onChanged: options.onChanged,
    })
    const source = this.host
    this.writeBehind = new WriteBehind({
      log,
      store,
      source,
      clock,
      random,
      dirtyBytesMax: () => dirtyShare(options, this.cluster?.membership.leases.size),
      trimIntervalMs: this.#pace.trimMs,
      onError,
    })
    this.host.connect(this.writeBehind)
    this.#loads = new LoadQueue({
      load: this.#backgroundLoad(),
      clock,
      gatherMs: this.#pace.loadGatherMs,
      onLoaded: (loaded, ms) => options.onLoaded?.(loaded, ms),
    })
    if (options.cluster !== undefined) {
      this.cluster = new NodeInCluster(options, options.cluster, {
        ring: this.ring,
        host: this.host,
        writeBehind: this.writeBehind,
        startedAt: this.#startedAt,
        newMemory,
        nextMove: this.#nextName,
        newActor: (opened) => this.#newActor(opened),
        onIncomplete: (partition) => this.#loads.add(partition),
      })
      this.#router = this.cluster.router
    }
  }

  /**
   * Embedded: opens every partition. In a cluster: joins it.
   *
   * @throws TinygridError of the log; StartError
   */
  async start(): Promise<void> {
    if (this.cluster === undefined) this.#router = await this.#startAlone()
    else await this.cluster.join()
    void this.#refill().run()
  }

  async #startAlone(): Promise<Router> {
    const { nodeId, clock, now, defer, random } = this.#options
    this.#table = await this.#openAll()
    const placement = new StaticPlacement(this.#table)
    const { ring, host: local } = this
    return new Router({ ring, nodeId, placement, local, clock, now, defer, random })
  }

  /** The newest table that this node has seen. Only after `start`. */
  get table(): Table {
    return this.cluster?.membership.table ?? this.#table!
  }

  /** All links of the cluster. Embedded only after `start`. */
  get links(): LinkOwner {
    return this.router
  }

  get router(): Router {
    return this.#router!
  }

  /** All links, from the store. */
  get directory(): LinkDirectory {
    const { writeBehind, cluster, ring } = this
    const { store } = this.#options
    const flush = (timeoutMs: number) =>
      cluster?.flush.wait(timeoutMs) ?? writeBehind.barrier(timeoutMs)
    return nodeDirectory({ store, ring, table: () => this.table, flush })
  }

  status(): NodeStatus {
    const { host, writeBehind } = this
    const { nodeId } = this.#options
    const parts = { nodeId, startedAt: this.#startedAt, bound: this.#bound, host, writeBehind }
    const ready = this.cluster?.isReady ?? this.#router !== undefined
    const status = nodeStatusOf(parts)
    return { ...status, storeErrors: status.storeErrors + this.#loadErrors, ready }
  }

  /** Resolves when what is to be loaded now is in memory, as far as it fits. */
  loaded(): Promise<void> {
    return this.#loads.idle()
  }

  /** In a cluster: hands all partitions to others, while this node still answers. */
  async leave(timeoutMs: number): Promise<void> {
    await this.cluster?.leave(timeoutMs)
  }

  /** Answers what is under way, flushes what it can in this time, and ends. */
  async close(timeoutMs: number): Promise<void> {
    await this.host.stop()
    this.#stopping.abort()
    await this.loaded()
    await this.writeBehind.close(timeoutMs)
    await this.cluster?.close()
  }

  async #openAll(): Promise<Table> {
    const { log, store, work, nodeId, now, onProgress, onError } = this.#options
    const partitions = this.ring.all()
    const rows: Row[] = []
    await recover({
      log,
      store,
      work,
      nodeId,
      partitions,
      now,
      epochs: new EpochRecords(),
      onError,
      // Nobody waits for it, and a tombstone that the load removes is an operation's only trace.
      leavesOperations: false,
      newMemory,
      sink: this.writeBehind,
      onOpen: (opened) => {
        this.host.adopt(opened.id, this.#newActor(opened))
        this.host.serve(opened.id)
        rows[opened.id] = {
          owner: nodeId,
          epoch: opened.epoch,
          target: null,
        }
        if (!opened.memory.isComplete) this.#loads.add(opened.id)
        return true
      },
      onProgress: onProgress ?? (() => {}),
    })
    return new Table(rows)
  }

  #newActor(opened: OpenedMemory): Actor {
    return new PartitionActor({ ...opened, nextBatchId: this.#nextName, limits: LIMITS })
  }

  #backgroundLoad(): BackgroundLoad {
    const { store, work, clock, onError } = this.#options
    const { signal } = this.#stopping
    return new BackgroundLoad({
      ring: this.ring,
      store,
      bound: this.#bound,
      signal,
      memoryOf: (partition) => this.host.actors.get(partition)?.memory,
      isSettled: (tombstone) => this.#isSettled(tombstone),
      work,
      pause: (ms) => pause(clock, ms, signal),
      onError: (error) => {
        this.#loadErrors++
        onError('links could not be loaded from the store', error)
      },
    })
  }

  #refill(): Refill {
    return new Refill({
      bound: this.#bound,
      clock: this.#options.clock,
      memories: () => this.host.actors.entries().map(([id, { memory }]) => [id, memory] as const),
      isLoading: () => !this.#loads.isIdle,
      load: (partition) => this.#loads.add(partition),
      signal: this.#stopping.signal,
    })
  }

  #isSettled({ record }: LinkVersion): boolean {
    const { cluster, now } = this.#options
    return cluster === undefined || decodeLink(record).updatedAt < now() - TOMBSTONE_KEPT_MS
  }
}

function newMemory(): PartitionMemory {
  return new PartitionMemory(new LinkTable())
}

function nameMaker({ nodeId, random }: NodeOptions): () => string {
  const start = Math.floor(random() * 2 ** 48).toString(36)
  let count = 0
  return () => `${nodeId.slice(0, 32)}.${start}.${(count++).toString(36)}`
}

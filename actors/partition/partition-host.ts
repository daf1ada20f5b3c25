/**
 * The host: the partitions of this node, and what is asked of them.
 *
 * The shell around the pure actors. It gives each caller a promise, groups the writes of one
 * event-loop turn, lets what the actors decide be carried out (`actor-effects.ts`), hands applied
 * versions to the write-behind, and keeps memory within its bound. It is the LinkOwner of the
 * partitions it has adopted, and what the write-behind reads dirty links from.
 *
 * An actor is called by one effect at a time: everything here is synchronous between two awaits. It
 * decides nothing about links, and does not choose its partitions.
 */
import assert from 'node:assert/strict'
import type { AppliedChange } from './applied-change.ts'
import { currentMark } from '../../links/request-mark.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import { pause } from '../../links/clock.ts'
import { TinygridError, type OwnerHint } from '../../links/errors.ts'
import type { Code, Epoch, EpochMs, LogPosition, PartitionId } from '../../links/ids.ts'
import { isOfLink, lookupOf, UNKNOWN, type Link, type Lookup } from '../../links/link.ts'
import type { Found, LocalOwner, WriteRequest, WriteResult } from '../../links/link-owner.ts'
import type { Visitor } from '../../links/redirect-rules.ts'
import { resolveLink, type Resolved } from '../../links/resolution.ts'
import type { Ring } from '../../links/ring.ts'
import type { DirtySource } from '../../persistence/write-behind/dirty-source.ts'
import { ActorEffects } from './actor-effects.ts'
import type { Actor, ActorEffectsOptions, Applied } from './actor-effects.ts'
import { DuePartitions } from './due-partitions.ts'
import { Eviction } from '../memory/eviction.ts'
import type { MemoryBound } from '../memory/memory-bound.ts'

/** Between two looks at what a host that stops has still to answer. */
const STOP_POLL_MS = 50

/** What the host tells of applied writes; the write-behind. */
export interface AppliedSink {
  noteApplied(partition: PartitionId, position: LogPosition, versions: readonly LinkVersion[]): void
  /** No further write may be logged until the store has caught up. */
  isFull(): boolean
}

export interface PartitionHostOptions extends Omit<
  ActorEffectsOptions,
  'isHere' | 'onApplied' | 'onEnd'
> {
  readonly ring: Ring
  readonly bound: MemoryBound
  /** Runs an action when all input of this event-loop turn is in. */
  readonly defer: (action: () => void) => void
  /** Whether this node may not answer as an owner just now. */
  readonly isFenced?: () => boolean
  /** The log says that another owner writes the partition. May be told more than once. */
  readonly onReplaced?: (partition: PartitionId) => void
  /** Appends under way from which on others wait and gather writes; no bound if left out. */
  readonly appendsMax?: number
  /** After each batch, once memory has it. */
  readonly onApplied?: (partition: PartitionId, versions: readonly LinkVersion[]) => void
  /** What a batch changed, in the order in which it was decided. */
  readonly onChanged?: ((changes: readonly AppliedChange[]) => void) | undefined
}

export class PartitionHost implements LocalOwner, DirtySource {
  readonly #options: PartitionHostOptions
  readonly #isFenced: () => boolean
  /** Every partition whose links are here. */
  readonly #actors = new Map<PartitionId, Actor>()
  /** By partition: those that this node answers for. Invariant: each is in #actors. */
  readonly #serving: (Actor | undefined)[]
  #sink: AppliedSink | undefined
  readonly #due: DuePartitions
  /** Called when a partition has no batch in flight any more. */
  readonly #whenQuiet = new Map<PartitionId, () => void>()
  #isStopping = false
  readonly #effects: ActorEffects
  readonly #eviction: Eviction
  #evictions = 0

  constructor(options: PartitionHostOptions) {
    this.#options = options
    this.#effects = new ActorEffects({
      ...options,
      isHere: (partition, actor) => this.#actors.get(partition) === actor,
      onApplied: (partition, applied) => this.#noteApplied(partition, applied),
      onEnd: (partition, actor) => this.#noteEnd(partition, actor),
    })
    const begin = (partition: PartitionId) => this.#begin(partition)
    const { defer, appendsMax = Infinity } = options
    const hasRoom = () => this.#effects.appendsUnderWay < appendsMax
    this.#due = new DuePartitions({ hasRoom, defer, begin })
    this.#isFenced = options.isFenced ?? (() => false)
    const { bound, ring } = options
    const memoryOf = (partition: PartitionId) => this.#actors.get(partition)?.memory
    this.#eviction = new Eviction({ bound, partitions: ring.partitions, memoryOf })
    this.#serving = Array.from({ length: options.ring.partitions }, () => undefined)
  }

  /** Where applied writes go from now on. */
  connect(sink: AppliedSink): void {
    this.#sink = sink
  }

  /** Takes a partition in, sealed or not. It is not answered for until `serve`. */
  adopt(partition: PartitionId, actor: Actor): void {
    assert(!this.#actors.has(partition))
    this.#actors.set(partition, actor)
    this.#noteMemory(partition, actor)
  }

  /** From now on this node answers for the partition. */
  serve(partition: PartitionId): void {
    const actor = this.#actorOf(partition)
    this.#serving[partition] = actor
    this.#due.add(partition)
    this.#effects.carryOut(partition, actor, actor.recall(false))
  }

  /** Reads at once which operations earlier owners have carried out, if that is still to be done. */
  recall(partition: PartitionId): void {
    const actor = this.#actorOf(partition)
    this.#effects.carryOut(partition, actor, actor.recall(true))
  }

  isInRing = (partition: PartitionId): boolean => partition < this.#serving.length

  isServing(partition: PartitionId): boolean {
    return this.#serving[partition] !== undefined
  }

  get counters() {
    return { ...this.#effects.counters, evictions: this.#evictions }
  }

  get actors(): ReadonlyMap<PartitionId, Actor> {
    return this.#actors
  }

  /** Lets the partition's writes wait; resolves when none is under way. */
  seal(partition: PartitionId): Promise<void> {
    const actor = this.#actorOf(partition)
    actor.seal()
    if (actor.isQuiet) return Promise.resolve()
    return new Promise((resolve) => this.#whenQuiet.set(partition, resolve))
  }

  /** The log's newest entry is this node's epoch record: writes that waited go on. */
  unseal(partition: PartitionId, epoch: Epoch, lastPosition: LogPosition): void {
    this.#actorOf(partition).unseal(epoch, lastPosition)
    this.#due.add(partition)
  }

  /** Gives a partition up, with all that is in memory. Who waits is told the owner, if known. */
  drop(partition: PartitionId, owner?: OwnerHint): void {
    const actor = this.#actorOf(partition)
    this.#serving[partition] = undefined
    this.#actors.delete(partition)
    this.#endSeal(partition)
    this.#options.bound.note(partition, 0)
    const error = new TinygridError('not_owner', owner === undefined ? {} : { owner })
    this.#effects.carryOut(partition, actor, actor.retire(error))
  }

  lookup(code: Code, now: EpochMs): Lookup {
    const actor = this.#serving[this.#options.ring.partitionOf(code)]
    return actor === undefined || this.#isFenced() ? UNKNOWN : actor.memory.lookup(code, now)
  }

  staleLookup(code: Code, now: EpochMs): Lookup {
    const found = this.#actors.get(this.#options.ring.partitionOf(code))?.memory.lookup(code, now)
    return found !== undefined && isOfLink(found) ? found : UNKNOWN
  }

  staleLink(code: Code): Link | undefined {
    const found = this.#actors.get(this.#options.ring.partitionOf(code))?.memory.linkOf(code)
    return typeof found === 'object' ? found : undefined
  }

  async find(code: Code): Promise<Found> {
    const now = this.#options.now()
    const { actor } = this.#authorityOn(code)
    const lookup = actor.memory.lookup(code, now)
    if (lookup.kind !== 'unknown') return { lookup, source: 'owner' }
    return { lookup: lookupOf(await this.read(code), now), source: 'owner' }
  }

  async resolve(code: Code, visitor: Visitor): Promise<Resolved> {
    return resolveLink(await this.read(code), visitor, this.#options.now())
  }

  async read(code: Code): Promise<Link | undefined> {
    const { partition, actor } = this.#authorityOn(code)
    return new Promise((resolve, reject) => {
      this.#effects.carryOut(partition, actor, actor.read({ resolve, reject }, code))
    })
  }

  write(request: WriteRequest): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      if (this.#isStopping) throw new TinygridError('shutting_down')
      const { partition, actor } = this.#authorityOn(request.code)
      this.#effects.carryOut(
        partition,
        actor,
        actor.submit({ resolve, reject, mark: currentMark() }, request),
      )
      this.#due.add(partition)
    })
  }

  versionOf(partition: PartitionId, code: Code): LinkVersion | undefined {
    return this.#actors.get(partition)?.memory.versionOf(code)
  }

  flushed(partition: PartitionId, versions: readonly LinkVersion[]): void {
    this.#actors.get(partition)?.memory.markFlushed(versions)
    this.#relieve()
  }

  keptFrom(partition: PartitionId): LogPosition | undefined {
    return this.#actors.get(partition)?.operations.oldest(this.#options.now())
  }

  /** Refuses new writes; resolves when those under way are answered. */
  async stop(): Promise<void> {
    this.#isStopping = true
    while (this.#depth() > 0) await pause(this.#options.clock, STOP_POLL_MS)
    this.#effects.stop()
  }

  #depth(): number {
    let depth = 0
    for (const actor of this.#actors.values()) depth += actor.depth
    return depth
  }

  #actorOf(partition: PartitionId): Actor {
    const actor = this.#actors.get(partition)
    assert(actor !== undefined, 'the partition is not here')
    return actor
  }

  /**
   * The actor that may answer for the code: one that is served, or one that was opened here and
   * that the caller knows of before this node has heard that the table says so too.
   */
  #authorityOn(code: Code): { partition: PartitionId; actor: Actor } {
    const partition = this.#options.ring.partitionOf(code)
    const actor = this.#actors.get(partition)
    if (actor === undefined) throw new TinygridError('not_owner')
    if (this.#isFenced()) throw new TinygridError('owner_unavailable')
    return { partition, actor }
  }

  #begin(partition: PartitionId): void {
    const actor = this.#actors.get(partition)
    if (actor === undefined || !actor.canBegin) return
    const canLog = this.#sink?.isFull() === false
    this.#effects.carryOut(partition, actor, actor.begin(this.#options.now(), canLog))
  }

  #endSeal(partition: PartitionId): void {
    this.#whenQuiet.get(partition)?.()
    this.#whenQuiet.delete(partition)
  }

  /** Something that the actor asked for has ended: there may be room for others, or more to do. */
  #noteEnd(partition: PartitionId, actor: Actor): void {
    this.#due.plan()
    if (this.#actors.get(partition) !== actor) return
    this.#noteMemory(partition, actor)
    if (actor.isQuiet) this.#endSeal(partition)
    if (actor.canBegin) this.#due.addEnded(partition)
    if (actor.isReplaced) this.#options.onReplaced?.(partition)
  }

  #noteApplied(partition: PartitionId, { position, versions, changes }: Applied): void {
    this.#sink?.noteApplied(partition, position, versions)
    this.#options.onApplied?.(partition, versions)
    this.#options.onChanged?.(changes)
  }

  #noteMemory(partition: PartitionId, actor: Actor): void {
    this.#options.bound.note(partition, actor.memory.bytes)
    this.#relieve()
  }

  #relieve(): void {
    this.#evictions += this.#eviction.relieve()
  }
}

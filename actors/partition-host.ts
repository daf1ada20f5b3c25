/**
 * The host: runs the partition actors of this node and carries out what they decide.
 *
 * The shell around the pure actors. It gives each caller a promise, groups the writes of one
 * event-loop turn, talks to log and store, hands applied versions to the write-behind, and keeps
 * memory within its bound. It is the LinkOwner of the partitions it has adopted, and what the
 * write-behind reads dirty links from.
 *
 * Guarantees: an actor is called by one effect at a time (everything here is synchronous between
 * two awaits). It does not decide anything about links, and it does not choose its partitions.
 */
import assert from 'node:assert/strict'
import { TinygridError } from '../cluster/errors.ts'
import type { Code, EpochMs, LogPosition, PartitionId } from '../cluster/ids.ts'
import { lookupOf, type Link, type LinkVersion, type Lookup } from '../cluster/link.ts'
import type { Found, LinkOwner, WriteRequest, WriteResult } from '../cluster/protocol.ts'
import type { Ring } from '../cluster/ring.ts'
import type { LinkStore } from '../persistence/link-store.ts'
import type { Log, LogEntry } from '../persistence/log.ts'
import type { DirtySource } from '../persistence/write-behind.ts'
import type { Effect } from './effect.ts'
import type { MemoryBound } from './memory-bound.ts'
import type { PartitionActor } from './partition-actor.ts'

interface Caller {
  readonly resolve: (result: never) => void
  readonly reject: (error: TinygridError) => void
}

type Actor = PartitionActor<Caller>

/** What the host tells of applied writes; the write-behind. */
export interface AppliedSink {
  noteApplied(partition: PartitionId, position: LogPosition, versions: readonly LinkVersion[]): void
  /** No further write may be logged until the store has caught up. */
  isFull(): boolean
}

export interface PartitionHostOptions {
  readonly ring: Ring
  readonly log: Log
  readonly store: LinkStore
  readonly bound: MemoryBound
  readonly now: () => EpochMs
  readonly onError: (what: string, error: unknown) => void
}

/** Pause before a log or store that failed uncertainly is asked again. */
const RETRY_PAUSE_MS = 50
/** Store reads in flight, over all partitions; one more is refused with store_unavailable. */
const STORE_READS_MAX = 10_000
/** Evicted from one partition before the next one's turn. */
const EVICTION_STEP_BYTES = 64 * 1024
/** Partitions that have their turn after one change: each frees far more than a change adds. */
const EVICTION_TURNS_MAX = 16

export class PartitionHost implements LinkOwner, DirtySource {
  readonly #options: PartitionHostOptions
  readonly #actors = new Map<PartitionId, Actor>()
  #sink: AppliedSink | undefined
  /** Partitions with a mailbox to look into at the end of this turn. */
  #due: PartitionId[] = []
  #isStopping = false
  #storeReads = 0
  readonly counters = { logAppends: 0, logErrors: 0, storeErrors: 0, readThroughs: 0, evictions: 0 }

  constructor(options: PartitionHostOptions) {
    this.#options = options
  }

  /** Where applied writes go from now on. */
  connect(sink: AppliedSink): void {
    this.#sink = sink
  }

  adopt(partition: PartitionId, actor: Actor): void {
    assert(!this.#actors.has(partition))
    this.#actors.set(partition, actor)
    this.#noteMemory(partition, actor)
  }

  get actors(): ReadonlyMap<PartitionId, Actor> {
    return this.#actors
  }

  lookup(code: Code, now: EpochMs): Lookup {
    return this.#actorOf(this.#options.ring.partitionOf(code)).lookup(code, now)
  }

  async find(code: Code): Promise<Found> {
    const now = this.#options.now()
    const lookup = this.lookup(code, now)
    if (lookup.kind !== 'unknown') return { lookup, source: 'owner' }
    return { lookup: lookupOf(await this.read(code), now), source: 'owner' }
  }

  read(code: Code): Promise<Link | undefined> {
    const partition = this.#options.ring.partitionOf(code)
    return new Promise((resolve, reject) => {
      this.#run(partition, this.#actorOf(partition).read({ resolve, reject }, code))
    })
  }

  write(request: WriteRequest): Promise<WriteResult> {
    if (this.#isStopping) return Promise.reject(new TinygridError('shutting_down'))
    const partition = this.#options.ring.partitionOf(request.code)
    return new Promise((resolve, reject) => {
      this.#run(partition, this.#actorOf(partition).submit({ resolve, reject }, request))
      this.#schedule(partition)
    })
  }

  versionOf(partition: PartitionId, code: Code): LinkVersion | undefined {
    return this.#actorOf(partition).memory.versionOf(code)
  }

  flushed(partition: PartitionId, versions: readonly LinkVersion[]): void {
    this.#actorOf(partition).memory.markFlushed(versions)
    this.#relieve()
  }

  /** Refuses new writes; resolves when those under way are answered. */
  async stop(): Promise<void> {
    this.#isStopping = true
    while (this.#depth() > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS))
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

  /** The mailbox is looked into when all input of this event-loop turn is in: group commit. */
  #schedule(partition: PartitionId): void {
    if (this.#due.length === 0) setImmediate(() => this.#beginDue())
    this.#due.push(partition)
  }

  #beginDue(): void {
    const due = new Set(this.#due)
    this.#due = []
    for (const partition of due) this.#begin(partition)
  }

  #begin(partition: PartitionId): void {
    const actor = this.#actorOf(partition)
    if (!actor.canBegin) return
    const canLog = this.#sink?.isFull() === false
    this.#run(partition, actor.begin(this.#options.now(), canLog))
  }

  #run(partition: PartitionId, effects: readonly Effect<Caller>[]): void {
    for (const effect of effects) this.#carryOut(partition, effect)
  }

  #carryOut(partition: PartitionId, effect: Effect<Caller>): void {
    switch (effect.kind) {
      case 'append':
        return this.#append(partition, effect.payload, effect.expectedLast)
      case 'append_again':
        return this.#later(() => this.#append(partition, effect.payload, effect.expectedLast))
      case 'read_tail':
        return this.#readTail(partition, effect.after)
      case 'read_store':
        return this.#readStore(partition, effect.code)
      case 'applied':
        return this.#noteApplied(partition, effect.position, effect.versions)
      case 'answer':
        return effect.ticket.resolve(effect.result as never)
      case 'answer_read':
        return effect.ticket.resolve(effect.link as never)
      case 'refuse':
        return effect.ticket.reject(effect.error)
    }
  }

  #append(partition: PartitionId, payload: Buffer, expectedLast: LogPosition): void {
    const actor = this.#actorOf(partition)
    this.#options.log.append(partition, payload, expectedLast).then(
      (position) => {
        this.counters.logAppends++
        this.#run(partition, actor.appended(position))
        this.#begin(partition)
      },
      (error: unknown) => {
        this.counters.logErrors++
        this.#options.onError('log append failed', error)
        this.#run(partition, actor.appendFailed(asOperatingError(error, 'log_uncertain')))
        this.#begin(partition)
      },
    )
  }

  #readTail(partition: PartitionId, after: LogPosition): void {
    collect(this.#options.log.readAfter(partition, after)).then(
      (entries) => {
        this.#run(partition, this.#actorOf(partition).tailRead(entries))
        this.#begin(partition)
      },
      (error: unknown) => {
        this.counters.logErrors++
        this.#options.onError('log tail could not be read', error)
        this.#later(() => this.#readTail(partition, after))
      },
    )
  }

  #readStore(partition: PartitionId, code: Code): void {
    const actor = this.#actorOf(partition)
    if (this.#storeReads >= STORE_READS_MAX) {
      const error = new TinygridError('store_unavailable', { detail: 'Too many reads are waiting' })
      this.#run(partition, actor.storeReadFailed(code, error))
      return
    }
    this.#storeReads++
    this.counters.readThroughs++
    this.#options.store.get(code).then(
      (version) => {
        this.#storeReads--
        this.#run(partition, actor.storeRead(code, version))
        this.#noteMemory(partition, actor)
        this.#begin(partition)
      },
      (error: unknown) => {
        this.#storeReads--
        this.counters.storeErrors++
        this.#options.onError('store read failed', error)
        const refusal = asOperatingError(error, 'store_unavailable')
        this.#run(partition, actor.storeReadFailed(code, refusal))
      },
    )
  }

  #noteApplied(
    partition: PartitionId,
    position: LogPosition,
    versions: readonly LinkVersion[],
  ): void {
    this.#sink?.noteApplied(partition, position, versions)
    this.#noteMemory(partition, this.#actorOf(partition))
  }

  #noteMemory(partition: PartitionId, actor: Actor): void {
    this.#options.bound.note(partition, actor.memory.bytes)
    this.#relieve()
  }

  /** Evicts until memory is within its bound, but no longer than a request would notice. */
  #relieve(): void {
    const { bound } = this.#options
    for (let turns = 0; turns < EVICTION_TURNS_MAX && bound.excess > 0; turns++) {
      const partition = bound.nextVictim()
      const actor = this.#actors.get(partition)
      if (actor === undefined) continue
      const { links } = actor.memory.evict(Math.min(bound.excess, EVICTION_STEP_BYTES))
      this.counters.evictions += links
      bound.note(partition, actor.memory.bytes)
    }
  }

  #later(action: () => void): void {
    setTimeout(action, RETRY_PAUSE_MS).unref()
  }
}

async function collect(entries: AsyncIterable<LogEntry>): Promise<LogEntry[]> {
  const collected: LogEntry[] = []
  for await (const entry of entries) collected.push(entry)
  return collected
}

function asOperatingError(error: unknown, code: 'log_uncertain' | 'store_unavailable') {
  return error instanceof TinygridError ? error : new TinygridError(code, { cause: error })
}

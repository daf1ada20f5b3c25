/**
 * A world for one partition actor: a log, a store and a flusher that a test moves step by step.
 *
 * Used by the actor's tests. Nothing happens by itself: each append, store read and flush waits until
 * the test lets it end, well or badly, so that every interleaving can be played. The world keeps the
 * log as the truth and asserts at each answer what must never be broken.
 */
import assert from 'node:assert/strict'
import { TinygridError, type ErrorCode } from '../../links/errors.ts'
import {
  toEpochMs,
  toLogPosition,
  type Code,
  type Epoch,
  type LogPosition,
  type NodeId,
} from '../../links/ids.ts'
import { codeOfRecord, decodeLink, type LinkVersion } from '../../links/link-record.ts'
import { lookupOf, type Link } from '../../links/link.ts'
import type { WriteRequest, WriteResult } from '../../links/link-owner.ts'
import { decodeLogRecord, encodeLogRecord } from '../../persistence/log/log-record.ts'
import type { LogEntry } from '../../persistence/log/log.ts'

import type { Effect } from '../partition/effect.ts'
import { LinkTable } from '../memory/link-table.ts'
import { Operations } from '../partition/operations.ts'
import { PartitionActor } from '../partition/partition-actor.ts'
import type { PartitionLimits } from '../partition/batch.ts'
import { PartitionMemory } from '../memory/partition-memory.ts'

type WaitingEffect = Extract<
  Effect<Ticket>,
  { kind: 'append' | 'append_again' | 'read_tail' | 'read_store' | 'read_operations' }
>

/** A caller; `outcome` is set once. */
export interface Ticket {
  readonly code: Code
  readonly operationId?: string | undefined
  /** The log's last position then. */
  readonly submittedAt: LogPosition
  outcome?: WriteResult | { kind: 'read'; link: Link | undefined } | TinygridError
}

export const NOW = toEpochMs(1_000_000)
const LIMITS = { mailboxDepthMax: 1_000, batchRecordsMax: 100, batchBytesMax: 100_000 }

export class ActorWorld {
  actor: PartitionActor<Ticket>
  memory = new PartitionMemory(new LinkTable())
  readonly log: LogEntry[] = []
  readonly store = new Map<Code, LinkVersion>()
  /** What the actor waits for, oldest first. Store reads carry what the store said at their start. */
  readonly waiting: { effect: WaitingEffect; seen?: LinkVersion | undefined }[] = []
  /** Applied, not yet in the store. */
  readonly dirty = new Map<Code, LinkVersion>()
  readonly #limits: PartitionLimits
  #batches = 0

  constructor(limits: Partial<PartitionLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits }
    this.actor = this.#newActor(1 as Epoch, new Operations())
  }

  submit(request: WriteRequest): Ticket {
    const { code, operationId } = Object(request) as WriteRequest
    const ticket: Ticket = { code, operationId, submittedAt: this.last() }
    this.#run(this.actor.submit(ticket, request))
    return ticket
  }

  read(code: Code): Ticket {
    const ticket: Ticket = { code, submittedAt: this.last() }
    this.#run(this.actor.read(ticket, code))
    return ticket
  }

  begin(canLog = true): void {
    this.#run(this.actor.begin(NOW, canLog))
  }

  /** Ends the oldest waiting effect of this kind as the world would: the log and store work. */
  succeed(index = 0): void {
    const { effect, seen } = this.#take(index)
    switch (effect.kind) {
      case 'append':
      case 'append_again':
        return this.#append(effect.payload, effect.expectedLast)
      case 'read_tail':
        return this.#run(this.actor.tailRead(this.log.filter((e) => e.position > effect.after)))
      case 'read_store':
        return this.#run(this.actor.storeRead(effect.code, seen))
      case 'read_operations':
        return this.#run(this.actor.recalled(this.#operationsBetween(0, effect.upTo)))
    }
  }

  /** Ends a waiting append or store read with an error; the log may hold the entry all the same. */
  fail(code: ErrorCode, index = 0, isAppended = false): void {
    const { effect } = this.#take(index)
    const error = new TinygridError(code)
    if (effect.kind === 'read_store') {
      return this.#run(this.actor.storeReadFailed(effect.code, error))
    }
    assert(effect.kind !== 'read_tail' && effect.kind !== 'read_operations')
    if (isAppended && this.last() === effect.expectedLast) this.#push(effect.payload)
    this.#run(this.actor.appendFailed(error))
  }

  /** Another owner writes to the log. */
  replace(payload: Buffer): void {
    this.#push(payload)
  }

  /** The partition goes on in a new epoch, in which this same owner has opened it. */
  unseal(): void {
    this.actor.unseal(this.#pushEpoch(), this.last())
  }

  /** The actor gives up; a new one opens the partition from the log, or from the checkpoint on. */
  takeOver(isLastBatchAppended: boolean, hasCheckpoint = false): void {
    const append = this.waiting.find(({ effect }) => effect.kind.startsWith('append'))?.effect
    if (isLastBatchAppended && append !== undefined && 'payload' in append) {
      if (this.last() === append.expectedLast) this.#push(append.payload)
    }
    this.#run(this.actor.retire(new TinygridError('not_owner')))
    this.waiting.length = 0
    const epoch = this.#pushEpoch()
    this.memory = new PartitionMemory(new LinkTable())
    this.actor = this.#newActor(epoch, this.#replay(hasCheckpoint ? this.#checkpoint() : 0))
    this.#run(this.actor.recall(false))
  }

  flush(): void {
    for (const [code, version] of this.dirty) this.store.set(code, version)
    this.memory.markFlushed([...this.dirty.values()])
    this.dirty.clear()
  }

  /** Lets everything end well. */
  settle(): void {
    while (this.waiting.length > 0 || this.actor.canBegin) {
      if (this.waiting.length > 0) this.succeed()
      this.begin()
    }
  }

  last(): LogPosition {
    return this.log.at(-1)?.position ?? toLogPosition(0)
  }

  /** The link by the log, the only truth; undefined if never given or purged. */
  truth(code: Code): Link | undefined {
    const link = this.history(code).at(-1)
    return link?.lifecycle === 'purged' ? undefined : link
  }

  /** Every logged version of a code, oldest first. */
  history(code: Code): Link[] {
    const records = this.log.flatMap(({ payload }) => {
      const record = decodeLogRecord(payload)
      return record.kind === 'batch' ? record.records : []
    })
    return records.map((bytes) => decodeLink(bytes)).filter((link) => link.code === code)
  }

  /** What memory says may not contradict what was applied. */
  assertMemoryIsRight(codes: readonly Code[]): void {
    const isApplied = this.waiting.every(({ effect }) => effect.kind === 'read_store')
    for (const code of isApplied ? codes : []) {
      const lookup = this.actor.memory.lookup(code, NOW)
      if (lookup.kind !== 'unknown') assert.deepEqual(lookup, lookupOf(this.truth(code), NOW))
    }
  }

  /** Whether the log holds the operation, and how often. */
  timesLogged(operationId: string): number {
    const logged = this.log.flatMap(({ payload }) => {
      const record = decodeLogRecord(payload)
      return record.kind === 'batch' ? record.operations : []
    })
    return logged.filter(({ id }) => id === operationId).length
  }

  #newActor(epoch: Epoch, operations: Operations): PartitionActor<Ticket> {
    return new PartitionActor<Ticket>({
      memory: this.memory,
      epoch,
      lastPosition: this.last(),
      operations,
      nextBatchId: () => `batch-${++this.#batches}`,
      limits: this.#limits,
    })
  }

  #pushEpoch(): Epoch {
    const epoch = (this.actor.epoch + 1) as Epoch
    const nodeId = 'node' as NodeId
    this.#push(encodeLogRecord({ kind: 'epoch', epoch, nodeId }))
    return epoch
  }

  /** Everything in the log after the checkpoint is dirty. */
  #replay(checkpoint: number): Operations {
    this.dirty.clear()
    for (const { position, payload } of this.log) {
      if (position <= checkpoint) continue
      for (const version of versionsIn(position, payload)) {
        this.memory.apply(version)
        this.dirty.set(version.code, version)
      }
    }
    return this.#operationsBetween(checkpoint, this.last(), checkpoint > 0)
  }

  /** Of the entries after `after`. */
  #operationsBetween(after: number, upTo: LogPosition, areOthersMissing = false): Operations {
    const operations = new Operations(areOthersMissing ? upTo : undefined)
    for (const { position, payload } of this.log) {
      const record = decodeLogRecord(payload)
      if (record.kind === 'epoch' || position <= after || position > upTo) continue
      operations.rememberLogged(record.operations, record.records, position, NOW)
    }
    return operations
  }

  /** The store has every entry up to here. */
  #checkpoint(): number {
    const missing = this.log.find(({ position, payload }) => {
      return versionsIn(position, payload).some(({ code }) => {
        return (this.store.get(code)?.position ?? 0) < position
      })
    })
    return (missing?.position ?? this.last() + 1) - 1
  }

  #take(index: number): { effect: WaitingEffect; seen?: LinkVersion | undefined } {
    const [taken] = this.waiting.splice(index, 1)
    assert(taken !== undefined, 'nothing is waiting')
    return taken
  }

  #append(payload: Buffer, expectedLast: LogPosition): void {
    if (this.last() !== expectedLast) {
      return this.#run(this.actor.appendFailed(new TinygridError('log_replaced')))
    }
    this.#run(this.actor.appended(this.#push(payload)))
  }

  #push(payload: Buffer): LogPosition {
    const position = toLogPosition(this.last() + 1)
    this.log.push({ position, previous: this.last(), payload })
    return position
  }

  #run(effects: readonly Effect<Ticket>[]): void {
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: Effect<Ticket>): void {
    switch (effect.kind) {
      case 'answer':
        return this.#answer(effect.ticket, effect.result)
      case 'answer_read':
        return this.#answer(effect.ticket, { kind: 'read', link: effect.link })
      case 'refuse':
        return this.#answer(effect.ticket, effect.error)
      case 'applied':
        for (const version of effect.versions) this.dirty.set(version.code, version)
        return
      case 'read_store':
        this.waiting.push({ effect, seen: this.store.get(effect.code) })
        return
      case 'append':
      case 'append_again':
      case 'read_tail':
      case 'read_operations':
        this.waiting.push({ effect })
    }
  }

  #answer(ticket: Ticket, outcome: NonNullable<Ticket['outcome']>): void {
    assert(ticket.outcome === undefined, 'a caller was answered twice')
    ticket.outcome = outcome
    if (outcome instanceof TinygridError || outcome.kind !== 'created') return
    // Never before the log holds it.
    const { code, operationId, submittedAt } = ticket
    const isLogged =
      operationId === undefined
        ? this.last() > submittedAt && this.history(code).length > 0
        : this.timesLogged(operationId) > 0
    assert(isLogged, 'an answer rests on what the log does not hold')
  }
}

function versionsIn(position: LogPosition, payload: Buffer): LinkVersion[] {
  const record = decodeLogRecord(payload)
  if (record.kind === 'epoch') return []
  return record.records.map((bytes) => ({ code: codeOfRecord(bytes), position, record: bytes }))
}

/**
 * The partition actor: the one place that holds and changes a partition's links.
 *
 * A pure core: messages come in as method calls with `now`, effects go out as plain data and are
 * carried out (`actor-effects.ts`), which reports back. What it guarantees:
 *
 * - Writes to one code are decided in the order in which they were submitted.
 * - One batch is in flight; what arrives meanwhile makes the next one (group commit).
 * - Memory changes only when the log has acknowledged, and no answer that rests on a change goes
 *   out before.
 * - "absent" is said only when the partition is complete or the store was asked.
 * - At most `mailboxDepthMax` writes wait; one more is refused with mailbox_full.
 *
 * It does not time or retry anything, nor know what a request means. Rejected: a promise chain per code.
 */
import assert from 'node:assert/strict'
import type { LinkVersion } from '../../links/link-record.ts'
import { hasCode, TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, EpochMs, LogPosition } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { WriteRequest } from '../../links/link-owner.ts'
import type { LogEntry } from '../../persistence/log/log.ts'
import { Batch, entryOf, sealBatch } from './batch.ts'
import type { PartitionLimits, SealedBatch, WaitingWrite } from './batch.ts'
import { UncertainWrites } from './uncertain-writes.ts'
import { refusal, refusals, type Effect } from './effect.ts'
import type { Operations } from './operations.ts'
import type { PartitionMemory } from '../memory/partition-memory.ts'
import { StoreReads } from './store-reads.ts'

export interface PartitionActorOptions {
  readonly memory: PartitionMemory
  readonly epoch: Epoch
  /** The position of this epoch's record. */
  readonly lastPosition: LogPosition
  readonly operations: Operations
  /** A new, unique name for a batch; at most 64 characters. */
  readonly nextBatchId: () => string
  readonly limits: PartitionLimits
}

export class PartitionActor<Ticket> {
  readonly memory: PartitionMemory
  readonly operations: Operations
  #epoch: Epoch
  readonly #options: Pick<PartitionActorOptions, 'nextBatchId' | 'limits'>
  /** Invariant: the position of the newest log entry known to be this owner's. Never falls. */
  #lastPosition: LogPosition
  /**
   * sealed: what is submitted waits, because the partition is on its way to another owner, or not
   * yet here. replaced: another owner writes this partition, nothing is decided here any more.
   */
  #stage: 'open' | 'sealed' | 'replaced' = 'open'
  /** Invariant: in order of submission per code; decided from the front. */
  #mailbox: WaitingWrite<Ticket>[] = []
  #inFlight: SealedBatch<Ticket> | undefined
  /** Invariant: while a code's read is in flight, all writes to the code wait in here. */
  readonly #reads = new StoreReads<Ticket, WaitingWrite<Ticket>>()
  /** Invariant: empty once the operations are complete. */
  readonly #doubtful: UncertainWrites<Ticket>
  /** Invariant: the number of writes in the mailbox, #reads, #doubtful and #inFlight. */
  #waiting = 0

  constructor(options: PartitionActorOptions) {
    this.memory = options.memory
    this.operations = options.operations
    this.#epoch = options.epoch
    this.#lastPosition = options.lastPosition
    this.#options = options
    this.#doubtful = new UncertainWrites(options.operations)
  }

  get depth(): number {
    return this.#waiting
  }

  get epoch(): Epoch {
    return this.#epoch
  }

  get lastPosition(): LogPosition {
    return this.#lastPosition
  }

  get isReplaced(): boolean {
    return this.#stage === 'replaced'
  }

  /** Whether no batch is in flight: then `lastPosition` and memory are what the log says. */
  get isQuiet(): boolean {
    return this.#inFlight === undefined
  }

  /** Whether `begin` would find something to do. */
  get canBegin(): boolean {
    return this.isQuiet && this.#mailbox.length > 0 && this.#stage !== 'sealed'
  }

  /** From now on writes wait. The batch in flight still ends. */
  seal(): void {
    if (this.#stage === 'open') this.#stage = 'sealed'
  }

  /** Writes are decided again, in this epoch, whose record is the newest entry of the log. */
  unseal(epoch: Epoch, lastPosition: LogPosition): void {
    assert(this.#stage === 'sealed' && this.isQuiet)
    assert(epoch >= this.#epoch && lastPosition >= this.#lastPosition)
    this.#stage = 'open'
    this.#epoch = epoch
    this.#lastPosition = lastPosition
  }

  /** Sends everybody on who waits; of the batch in flight nobody knows. The last call of all. */
  retire(error: TinygridError): Effect<Ticket>[] {
    const reading = refusals(this.#reads.endAll(), error)
    const inFlight = this.isQuiet ? [] : this.#refuseInFlight(new TinygridError('log_uncertain'))
    this.#stage = 'replaced'
    return [...reading, ...inFlight, ...this.#refuseMailbox(error)]
  }

  read(ticket: Ticket, code: Code): Effect<Ticket>[] {
    const link = this.memory.linkOf(code)
    if (link === 'unknown') {
      return this.#reads.addReader(code, ticket) ? [{ kind: 'read_store', code }] : []
    }
    return [{ kind: 'answer_read', ticket, link: link === 'absent' ? undefined : link }]
  }

  /** Puts a write in the mailbox; `begin` decides it. */
  submit(ticket: Ticket, request: WriteRequest): Effect<Ticket>[] {
    if (this.isReplaced) return [refusal(ticket, new TinygridError('log_replaced'))]
    if (this.#waiting >= this.#options.limits.mailboxDepthMax) {
      return [refusal(ticket, new TinygridError('mailbox_full'))]
    }
    this.#mailbox.push({ ticket, request })
    this.#waiting++
    return []
  }

  /**
   * Decides what the mailbox holds and starts the next batch. Does nothing while one is in flight.
   *
   * @param canLog false while the node may not take more unflushed writes
   */
  begin(now: EpochMs, canLog: boolean): Effect<Ticket>[] {
    if (this.#inFlight !== undefined || this.#stage === 'sealed') return []
    if (this.isReplaced) return this.#refuseMailbox(new TinygridError('log_replaced'))
    const batch = new Batch<Ticket>(now, canLog, this.operations)
    const waiting = this.#mailbox
    let index = 0
    while (index < waiting.length && batch.hasRoom(this.#options.limits)) {
      this.#decide(waiting[index++]!, batch)
    }
    this.#mailbox = waiting.slice(index)
    this.#waiting -= batch.settled
    if (this.#mailbox.length === 0) this.#reads.forgetSaid()
    if (batch.lacksRoom) batch.effects.push(...this.recall(true))
    if (batch.isEmpty) return batch.effects
    const id = this.#options.nextBatchId()
    this.#inFlight = sealBatch(batch, id, this.#epoch, this.#lastPosition)
    const { payload, expectedLast } = this.#inFlight
    batch.effects.push({ kind: 'append', payload, expectedLast, callers: batch.answers })
    return batch.effects
  }

  #decide(waiting: WaitingWrite<Ticket>, batch: Batch<Ticket>): void {
    try {
      this.#decideOrKeep(waiting, batch)
    } catch (cause) {
      batch.refuse(waiting.ticket, new TinygridError('internal', { cause }))
    }
  }

  /** Throws only before it has changed anything. */
  #decideOrKeep(waiting: WaitingWrite<Ticket>, batch: Batch<Ticket>): void {
    if (batch.answerAgain(waiting) || this.#doubtful.keepBehind(waiting)) return
    const { code } = waiting.request
    const pending = batch.linkOf(code)
    // A write waits behind a read of its code even if the link is in the table by now:
    //   1. the read takes its snapshot, v1    2. the background load puts v1 into the table
    //   3. a write makes v2, it is flushed and evicted    4. the read ends and puts v1 back
    if (pending === undefined && this.#reads.has(code)) {
      this.#reads.addWrite(code, waiting)
      return
    }
    const link = pending ?? this.#knownLinkOf(code)
    if (link === 'unknown') {
      if (this.#reads.addWrite(code, waiting)) batch.effects.push({ kind: 'read_store', code })
    } else if (this.#doubtful.keep(waiting, this.#reads.saidOf(code) === 'never given')) {
      batch.effects.push(...this.recall(true))
    } else batch.decide(waiting, link === 'absent' ? undefined : link)
  }

  /** Asks for the operations that are missing, if some are. */
  recall(isUrgent: boolean): Effect<Ticket>[] {
    const upTo = this.operations.missingUpTo
    return upTo === undefined ? [] : [{ kind: 'read_operations', upTo, isUrgent }]
  }

  /** What the log says was done before. */
  recalled(older: Operations): Effect<Ticket>[] {
    this.#mailbox = [...this.#doubtful.end(older), ...this.#mailbox]
    return []
  }

  #knownLinkOf(code: Code): Link | 'absent' | 'unknown' {
    const link = this.memory.linkOf(code)
    return link === 'unknown' ? this.#reads.knownOf(code) : link
  }

  /** The log holds the batch: apply it, then answer. */
  appended(position: LogPosition): Effect<Ticket>[] {
    const sealed = this.#inFlight
    assert(sealed !== undefined && position > this.#lastPosition)
    this.#lastPosition = position
    this.#inFlight = undefined
    const versions = this.#apply(sealed, position)
    const { changes } = sealed.batch
    const effects: Effect<Ticket>[] = [{ kind: 'applied', position, versions, changes }]
    for (const { ticket, result } of sealed.batch.answers) {
      effects.push({ kind: 'answer', ticket, result })
    }
    this.#waiting -= sealed.batch.answers.length
    return effects
  }

  #apply({ batch }: SealedBatch<Ticket>, position: LogPosition): LinkVersion[] {
    const versions = Array.from(batch.records(), (record) => ({ ...record, position }))
    for (const version of versions) {
      this.memory.apply(version)
      this.#reads.overtake(version.code)
    }
    const records = versions.map(({ record }) => record)
    this.operations.rememberBatch(batch.operations(), records, position, batch.now)
    return versions
  }

  /** The append failed. Only an error that says "not appended" lets the callers go. */
  appendFailed(error: TinygridError): Effect<Ticket>[] {
    const sealed = this.#inFlight
    assert(sealed !== undefined)
    const { payload, expectedLast } = sealed
    if (hasCode(error, 'log_replaced')) {
      // A lost acknowledgement followed by a refusal: the tail tells whose entry is in the way.
      return sealed.isUncertain ? [{ kind: 'read_tail', after: expectedLast }] : this.#giveUp(error)
    }
    if (hasCode(error, 'log_uncertain')) sealed.isUncertain = true
    if (sealed.isUncertain) return [{ kind: 'append_again', payload, expectedLast }]
    return this.#refuseInFlight(error)
  }

  /** The log's entries after the `expectedLast` of the batch in flight. */
  tailRead(entries: readonly LogEntry[]): Effect<Ticket>[] {
    const sealed = this.#inFlight
    assert(sealed !== undefined)
    const own = entryOf(sealed, entries)
    if (own !== undefined) return this.appended(own.position)
    return this.#giveUp(new TinygridError('log_replaced'))
  }

  storeRead(code: Code, version: LinkVersion | undefined): Effect<Ticket>[] {
    //   1. a read begins; the store has nothing    2. a create is applied, flushed and evicted
    //   3. the read ends with "nothing": believed, it would give the code away a second time
    if (this.#reads.restartIfOvertaken(code) && this.memory.linkOf(code) === 'unknown') {
      return [{ kind: 'read_store', code }]
    }
    if (version !== undefined) this.memory.fill(version)
    const known = this.memory.linkOf(code)
    const link = typeof known === 'string' ? undefined : known
    const absence = version === undefined ? 'never given' : 'purged'
    const { readers, writes } = this.#reads.end(code, link ?? absence)
    // These came before whatever is in the mailbox for the code: later ones joined them.
    this.#mailbox = [...writes, ...this.#mailbox]
    return readers.map((ticket) => ({ kind: 'answer_read', ticket, link }))
  }

  storeReadFailed(code: Code, error: TinygridError): Effect<Ticket>[] {
    const ended = this.#reads.end(code)
    this.#waiting -= ended.writes.length
    return refusals(ended, error)
  }

  #refuseInFlight(error: TinygridError): Effect<Ticket>[] {
    const answers = this.#inFlight!.batch.answers
    this.#inFlight = undefined
    this.#waiting -= answers.length
    return answers.map(({ ticket }) => refusal(ticket, error))
  }

  #giveUp(error: TinygridError): Effect<Ticket>[] {
    this.#stage = 'replaced'
    return [...this.#refuseInFlight(error), ...this.#refuseMailbox(error)]
  }

  #refuseMailbox(error: TinygridError): Effect<Ticket>[] {
    const waiting = [...this.#doubtful.takeAll(), ...this.#mailbox.splice(0)]
    this.#waiting -= waiting.length
    return waiting.map(({ ticket }) => refusal(ticket, error))
  }
}

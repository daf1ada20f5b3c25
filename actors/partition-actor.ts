/**
 * The partition actor: the one place that holds and changes a partition's links.
 *
 * A pure core: messages come in as method calls with `now`, effects go out as plain data, and the
 * host carries them out and reports back. What it guarantees:
 *
 * - Writes to one code are decided in the order in which they were submitted.
 * - One batch is in flight; what arrives meanwhile makes the next one (group commit).
 * - Memory changes only when the log has acknowledged, and no answer that rests on a change goes
 *   out before.
 * - "absent" is said only when the partition is complete or the store was asked.
 * - At most `mailboxDepthMax` writes wait; one more is refused with mailbox_full.
 *
 * It does not time anything, retry on its own, or know what a request means (`decision.ts`).
 * Rejected: a promise chain per code, which cannot be simulated and hides the order.
 */
import assert from 'node:assert/strict'
import { hasCode, TinygridError } from '../cluster/errors.ts'
import type { Code, Epoch, EpochMs, LogPosition } from '../cluster/ids.ts'
import type { Link, LinkVersion, Lookup } from '../cluster/link.ts'
import type { WriteRequest } from '../cluster/protocol.ts'
import { decodeLogRecord } from '../persistence/log-record.ts'
import type { LogEntry } from '../persistence/log.ts'
import { Batch, sealBatch, type BatchLimits, type SealedBatch } from './batch.ts'
import { decide } from './decision.ts'
import { refusal, type Effect } from './effect.ts'
import type { PartitionMemory } from './partition-memory.ts'
import { StoreReads } from './store-reads.ts'

export interface PartitionActorOptions {
  readonly memory: PartitionMemory
  readonly epoch: Epoch
  /** The position of this epoch's record. */
  readonly lastPosition: LogPosition
  /** A new, unique name for a batch; at most 64 characters. */
  readonly nextBatchId: () => string
  readonly limits: PartitionLimits
}

export interface PartitionLimits extends BatchLimits {
  /** Writes that may wait: in the mailbox, on a store read, or in the batch. */
  readonly mailboxDepthMax: number
}

interface WaitingWrite<Ticket> {
  readonly ticket: Ticket
  readonly request: WriteRequest
}

/** What one `begin` hands from decision to decision. */
interface Turn<Ticket> {
  readonly now: EpochMs
  readonly canLog: boolean
  readonly batch: Batch<Ticket>
  readonly effects: Effect<Ticket>[]
}

export class PartitionActor<Ticket> {
  readonly memory: PartitionMemory
  readonly #epoch: Epoch
  readonly #nextBatchId: () => string
  readonly #limits: PartitionLimits
  /** Invariant: the position of the newest log entry known to be this owner's. Never falls. */
  #lastPosition: LogPosition
  /** Another owner writes this partition: nothing is decided here any more. */
  #isReplaced = false
  /** Invariant: in order of submission per code; decided from the front. */
  #mailbox: WaitingWrite<Ticket>[] = []
  #inFlight: SealedBatch<Ticket> | undefined
  /** Invariant: while a code's read is in flight, all writes to the code wait in here. */
  readonly #reads = new StoreReads<Ticket, WaitingWrite<Ticket>>()
  /**
   * Codes that the store was asked for and does not have, for the writes that asked.
   * Invariant: no code in it has a version in the store or a link in memory.
   */
  readonly #knownAbsent = new Set<Code>()
  /** Invariant: the number of writes in the mailbox, in `#reads` and in `#inFlight`. */
  #waiting = 0

  constructor(options: PartitionActorOptions) {
    this.memory = options.memory
    this.#epoch = options.epoch
    this.#lastPosition = options.lastPosition
    this.#nextBatchId = options.nextBatchId
    this.#limits = options.limits
  }

  get depth(): number {
    return this.#waiting
  }

  /** Whether `begin` would find something to do. */
  get canBegin(): boolean {
    return this.#inFlight === undefined && this.#mailbox.length > 0
  }

  lookup(code: Code, now: EpochMs): Lookup {
    return this.memory.lookup(code, now)
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
    if (this.#isReplaced) return [refusal(ticket, new TinygridError('log_replaced'))]
    if (this.#waiting >= this.#limits.mailboxDepthMax) {
      return [refusal(ticket, new TinygridError('mailbox_full'))]
    }
    this.#mailbox.push({ ticket, request })
    this.#waiting++
    return []
  }

  /**
   * Decides what the mailbox holds and starts the next batch. Does nothing while one is in flight.
   *
   * @param canLog false while the node may not take more unflushed writes: what would change
   *   something is refused, everything else is answered.
   */
  begin(now: EpochMs, canLog: boolean): Effect<Ticket>[] {
    if (this.#inFlight !== undefined) return []
    if (this.#isReplaced) return this.#refuseMailbox(new TinygridError('log_replaced'))
    const turn: Turn<Ticket> = { now, canLog, batch: new Batch(), effects: [] }
    const waiting = this.#mailbox
    let index = 0
    while (index < waiting.length && turn.batch.hasRoom(this.#limits)) {
      this.#decideOne(waiting[index++]!, turn)
    }
    this.#mailbox = waiting.slice(index)
    if (this.#mailbox.length === 0) this.#knownAbsent.clear()
    if (!turn.batch.isEmpty) {
      const sealed = sealBatch(turn.batch, this.#nextBatchId(), this.#epoch, this.#lastPosition)
      this.#inFlight = sealed
      const { payload, expectedLast } = sealed
      turn.effects.push({ kind: 'append', payload, expectedLast })
    }
    return turn.effects
  }

  #decideOne(waiting: WaitingWrite<Ticket>, turn: Turn<Ticket>): void {
    const { code } = waiting.request
    const pending = turn.batch.linkOf(code)
    // A write waits behind a read of its code even if the link is in the table by now:
    //   1. the read takes its snapshot, v1    2. the background load puts v1 into the table
    //   3. a write makes v2, it is flushed and evicted    4. the read ends and puts v1 back
    if (pending === undefined && this.#reads.has(code)) {
      this.#reads.addWrite(code, waiting)
      return
    }
    const link = pending ?? this.#knownLinkOf(code)
    if (link !== 'unknown') {
      this.#settle(waiting, link === 'absent' ? undefined : link, turn)
    } else if (this.#reads.addWrite(code, waiting)) {
      turn.effects.push({ kind: 'read_store', code })
    }
  }

  #knownLinkOf(code: Code): Link | 'absent' | 'unknown' {
    const link = this.memory.linkOf(code)
    return link === 'unknown' && this.#knownAbsent.has(code) ? 'absent' : link
  }

  #settle({ ticket, request }: WaitingWrite<Ticket>, link: Link | undefined, turn: Turn<Ticket>) {
    const { result, next } = decide(link, request, turn.now)
    const restsOnBatch = next !== undefined || turn.batch.linkOf(request.code) !== undefined
    if (next !== undefined && !turn.canLog) {
      this.#waiting--
      turn.effects.push(refusal(ticket, new TinygridError('log_full')))
    } else if (restsOnBatch) {
      if (next !== undefined) turn.batch.put(next)
      turn.batch.answers.push({ ticket, result })
    } else {
      this.#waiting--
      turn.effects.push({ kind: 'answer', ticket, result })
    }
  }

  /** The log holds the batch: apply it, then answer. */
  appended(position: LogPosition): Effect<Ticket>[] {
    const sealed = this.#inFlight
    assert(sealed !== undefined && position > this.#lastPosition)
    this.#lastPosition = position
    this.#inFlight = undefined
    const effects: Effect<Ticket>[] = [
      { kind: 'applied', position, versions: this.#apply(sealed.batch, position) },
    ]
    for (const { ticket, result } of sealed.batch.answers) {
      effects.push({ kind: 'answer', ticket, result })
    }
    this.#waiting -= sealed.batch.answers.length
    return effects
  }

  #apply(batch: Batch<Ticket>, position: LogPosition): LinkVersion[] {
    const versions: LinkVersion[] = []
    for (const { code, record } of batch.records()) {
      const version = { code, position, record }
      this.memory.apply(version)
      this.#knownAbsent.delete(code)
      this.#reads.overtake(code)
      versions.push(version)
    }
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
    const own = entries.find(({ payload }) => {
      const record = decodeLogRecord(payload)
      return record.kind === 'batch' && record.batchId === sealed.id
    })
    if (own !== undefined) return this.appended(own.position)
    return this.#giveUp(new TinygridError('log_replaced'))
  }

  /** The store's answer to `read_store`. */
  storeRead(code: Code, version: LinkVersion | undefined): Effect<Ticket>[] {
    //   1. a read begins; the store has nothing    2. a create is applied, flushed and evicted
    //   3. the read ends with "nothing": believed, it would give the code away a second time
    if (this.#reads.restartIfOvertaken(code) && this.memory.linkOf(code) === 'unknown') {
      return [{ kind: 'read_store', code }]
    }
    if (version !== undefined) this.memory.fill(version)
    const known = this.memory.linkOf(code)
    const link = typeof known === 'string' ? undefined : known
    if (link === undefined) this.#knownAbsent.add(code)
    const { readers, writes } = this.#reads.end(code)
    // These came before whatever is in the mailbox for the code: later ones joined them.
    this.#mailbox = [...writes, ...this.#mailbox]
    return readers.map((ticket) => ({ kind: 'answer_read', ticket, link }))
  }

  storeReadFailed(code: Code, error: TinygridError): Effect<Ticket>[] {
    const { readers, writes } = this.#reads.end(code)
    this.#waiting -= writes.length
    const tickets = [...readers, ...writes.map(({ ticket }) => ticket)]
    return tickets.map((ticket) => refusal(ticket, error))
  }

  #refuseInFlight(error: TinygridError): Effect<Ticket>[] {
    const answers = this.#inFlight!.batch.answers
    this.#inFlight = undefined
    this.#waiting -= answers.length
    return answers.map(({ ticket }) => refusal(ticket, error))
  }

  #giveUp(error: TinygridError): Effect<Ticket>[] {
    this.#isReplaced = true
    return [...this.#refuseInFlight(error), ...this.#refuseMailbox(error)]
  }

  #refuseMailbox(error: TinygridError): Effect<Ticket>[] {
    const waiting = this.#mailbox
    this.#mailbox = []
    this.#waiting -= waiting.length
    return waiting.map(({ ticket }) => refusal(ticket, error))
  }
}

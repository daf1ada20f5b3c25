/**
 * A batch: what a partition actor decides in one look into its mailbox, on its way into the log.
 *
 * Used by the partition actor, which says for each request on which link it is decided. A later
 * decision of the same batch sees the versions of the earlier ones; only the newest version per code is
 * logged. What needs no logging is answered at once (`effects`); an answer that rests on a version of
 * the batch waits for the batch. A request that was carried out before gets the answer it had then.
 *
 * Each method leaves the batch as it was if it throws: it changes something only once nothing can fail
 * any more. So what is wrong with one request is not the others' business.
 */
import assert from 'node:assert/strict'
import { TinygridError } from '../../links/errors.ts'
import { encodeLink, type LinkRecord } from '../../links/link-record.ts'
import type { Code, Epoch, EpochMs, LogPosition } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { WriteRequest, WriteResult } from '../../links/link-owner.ts'
import {
  decodeLogRecord,
  encodeLogRecord,
  type LoggedOperation,
  type OperationOutcome,
} from '../../persistence/log/log-record.ts'
import type { LogEntry } from '../../persistence/log/log.ts'
import { appliedChange, type AppliedChange } from './applied-change.ts'
import { decide } from './decision.ts'
import { refusal, type Effect } from './effect.ts'
import type { Operations } from './operations.ts'

export interface BatchLimits {
  /** Records in one log entry. */
  readonly batchRecordsMax: number
  /** Bytes of records after which a log entry takes no further one. */
  readonly batchBytesMax: number
}

export interface PartitionLimits extends BatchLimits {
  /** Writes that may wait for one partition: in the mailbox, on a store read, or in a batch. */
  readonly mailboxDepthMax: number
}

export interface WaitingWrite<Ticket> {
  readonly ticket: Ticket
  readonly request: WriteRequest
}

interface CarriedOut {
  readonly code: Code
  readonly outcome: OperationOutcome
  readonly result: WriteResult
}

export class Batch<Ticket> {
  readonly now: EpochMs
  /** For when the log holds the batch. */
  readonly answers: { readonly ticket: Ticket; readonly result: WriteResult }[] = []
  /** For when the log holds the batch, too: what others are told. */
  readonly changes: AppliedChange[] = []
  /** For now. */
  readonly effects: Effect<Ticket>[] = []
  /** Requests that were answered or refused at once. */
  settled = 0
  /** Some were refused because too many operations are remembered. */
  lacksRoom = false
  readonly #canLog: boolean
  readonly #known: Operations
  readonly #versions = new Map<Code, { readonly link: Link; readonly record: LinkRecord }>()
  readonly #operations = new Map<string, CarriedOut>()
  /** Invariant: how many of #operations are visits. */
  #visits = 0
  /** Invariant: at least the sum of the lengths of the records. */
  #bytes = 0

  /**
   * @param canLog false: what would change something is refused, everything else is answered
   * @param known what was carried out before
   */
  constructor(now: EpochMs, canLog: boolean, known: Operations) {
    this.now = now
    this.#canLog = canLog
    this.#known = known
  }

  get isEmpty(): boolean {
    return this.#versions.size === 0
  }

  hasRoom(limits: BatchLimits): boolean {
    return this.#versions.size < limits.batchRecordsMax && this.#bytes < limits.batchBytesMax
  }

  /** The link as this batch leaves it, if the batch changes it. */
  linkOf(code: Code): Link | undefined {
    return this.#versions.get(code)?.link
  }

  /** Answers a request that was carried out before; false if it was not. */
  answerAgain({ ticket, request: { operationId } }: WaitingWrite<Ticket>): boolean {
    if (operationId === undefined) return false
    const here = this.#operations.get(operationId)
    if (here !== undefined) {
      this.answers.push({ ticket, result: here.result })
      return true
    }
    const known = this.#known.answerTo(operationId)
    if (known !== undefined) this.#answer(ticket, known)
    return known !== undefined
  }

  /** Decides a request on the link as it is. */
  decide({ ticket, request }: WaitingWrite<Ticket>, link: Link | undefined): void {
    const { result, next } = decide(link, request, this.now)
    if (next !== undefined) return this.#change({ ticket, request }, result, link, next)
    if (this.linkOf(request.code) === undefined) this.#answer(ticket, result)
    else this.answers.push({ ticket, result })
  }

  refuse(ticket: Ticket, error: TinygridError): void {
    this.effects.push(refusal(ticket, error))
    this.settled++
  }

  *records(): IterableIterator<{ code: Code; record: LinkRecord }> {
    for (const [code, { record }] of this.#versions) yield { code, record }
  }

  /** As they go into the log. Each `record` is a place in what `records` gives. */
  operations(): LoggedOperation[] {
    const places = new Map([...this.#versions.keys()].map((code, place) => [code, place]))
    return [...this.#operations].map(([id, { code, outcome }]) => {
      return { id, outcome, record: places.get(code)! }
    })
  }

  #answer(ticket: Ticket, result: WriteResult): void {
    this.effects.push({ kind: 'answer', ticket, result })
    this.settled++
  }

  #change(
    { ticket, request }: WaitingWrite<Ticket>,
    result: WriteResult,
    before: Link | undefined,
    link: Link,
  ): void {
    const { operationId, kind } = request
    const isVisit = kind === 'visit'
    if (!this.#canLog) return this.refuse(ticket, new TinygridError('log_full'))
    if (operationId !== undefined) {
      const waitMs = this.#untilRoom(isVisit)
      if (waitMs > 0) {
        this.lacksRoom = true
        return this.refuse(ticket, operationsFull(waitMs))
      }
    }
    const record = encodeLink(link)
    const outcome = outcomeOf(result)
    const change = appliedChange(request, before, link, this.now)
    const { code } = link
    this.#versions.set(code, { link, record })
    this.#bytes += record.length
    this.answers.push({ ticket, result })
    if (change !== undefined) this.changes.push(change)
    if (operationId === undefined) return
    this.#operations.set(operationId, { code, outcome, result })
    if (isVisit) this.#visits++
  }

  #untilRoom(isVisit: boolean): number {
    const more = isVisit ? this.#visits : this.#operations.size - this.#visits
    return this.#known.untilRoom(isVisit, more, this.now)
  }
}

function outcomeOf({ kind }: WriteResult): OperationOutcome {
  assert(kind === 'created' || kind === 'done' || kind === 'redirect', `${kind} changes nothing`)
  return kind
}

function operationsFull(waitMs: number): TinygridError {
  return new TinygridError('operations_full', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
}

/** A batch that is being appended. */
export interface SealedBatch<Ticket> {
  readonly id: string
  readonly payload: Buffer
  readonly expectedLast: LogPosition
  readonly batch: Batch<Ticket>
  /** Whether an attempt ended without telling whether the log holds it. */
  isUncertain: boolean
}

export function sealBatch<Ticket>(
  batch: Batch<Ticket>,
  id: string,
  epoch: Epoch,
  expectedLast: LogPosition,
): SealedBatch<Ticket> {
  const records = Array.from(batch.records(), ({ record }) => record)
  const operations = batch.operations()
  const payload = encodeLogRecord({ kind: 'batch', epoch, batchId: id, records, operations })
  return { id, payload, expectedLast, batch, isUncertain: false }
}

/** The log entry that is this batch, if it is among these. */
export function entryOf(
  { id }: SealedBatch<unknown>,
  entries: readonly LogEntry[],
): LogEntry | undefined {
  return entries.find(({ payload }) => batchIdOf(payload) === id)
}

/** undefined also for what cannot be read: it is somebody else's. */
function batchIdOf(payload: Buffer): string | undefined {
  try {
    const record = decodeLogRecord(payload)
    return record.kind === 'batch' ? record.batchId : undefined
  } catch {
    return undefined
  }
}

/**
 * A batch: what one turn of the mailbox decided, on its way into the log.
 *
 * Filled by the partition actor while it decides, then sealed into one log entry. A later decision
 * of the same batch sees the versions of the earlier ones; only the newest version per code is
 * logged. An answer that rests on a version of the batch waits for the batch.
 */
import assert from 'node:assert/strict'
import { encodeLink, type LinkRecord } from '../../links/link-record.ts'
import type { Code, Epoch, EpochMs, LogPosition } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { WriteResult } from '../../links/link-owner.ts'
import {
  decodeLogRecord,
  encodeLogRecord,
  type LoggedOperation,
  type OperationOutcome,
} from '../../persistence/log/log-record.ts'
import type { LogEntry } from '../../persistence/log/log.ts'

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

export class Batch<Ticket> {
  readonly answers: { readonly ticket: Ticket; readonly result: WriteResult }[] = []
  readonly #versions = new Map<Code, { readonly link: Link; readonly record: LinkRecord }>()
  readonly #operations = new Map<string, { readonly code: Code; readonly result: WriteResult }>()
  /** Invariant: at least the sum of the lengths of the records. */
  #bytes = 0

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

  put(link: Link): void {
    const record = encodeLink(link)
    this.#versions.set(link.code, { link, record })
    this.#bytes += record.length
  }

  /** The request with this operation id led to the newest version of the code. */
  noteOperation(id: string, code: Code, result: WriteResult): void {
    this.#operations.set(id, { code, result })
  }

  /** What the request with this operation id was answered, if this batch carried it out. */
  answerTo(id: string): WriteResult | undefined {
    return this.#operations.get(id)?.result
  }

  /** As they go into the log. Each `record` is a place in what `records` gives. */
  operations(): LoggedOperation[] {
    const places = new Map([...this.#versions.keys()].map((code, place) => [code, place]))
    return [...this.#operations].map(([id, { code, result }]) => {
      return { id, outcome: outcomeOf(result), record: places.get(code)! }
    })
  }

  *records(): IterableIterator<{ code: Code; record: LinkRecord }> {
    for (const [code, { record }] of this.#versions) yield { code, record }
  }
}

function outcomeOf({ kind }: WriteResult): OperationOutcome {
  assert(kind === 'created' || kind === 'done' || kind === 'redirect', `${kind} changes nothing`)
  return kind
}

/** A batch that is being appended. */
export interface SealedBatch<Ticket> {
  readonly id: string
  /** When it was decided. */
  readonly at: EpochMs
  readonly payload: Buffer
  readonly expectedLast: LogPosition
  readonly batch: Batch<Ticket>
  /** Whether an attempt ended without telling whether the log holds it. */
  isUncertain: boolean
}

/** The log entry that is this batch, if it is among these. */
export function entryOf(
  { id }: SealedBatch<unknown>,
  entries: readonly LogEntry[],
): LogEntry | undefined {
  return entries.find(({ payload }) => {
    const record = decodeLogRecord(payload)
    return record.kind === 'batch' && record.batchId === id
  })
}

export function sealBatch<Ticket>(
  batch: Batch<Ticket>,
  id: string,
  at: EpochMs,
  epoch: Epoch,
  expectedLast: LogPosition,
): SealedBatch<Ticket> {
  const records = Array.from(batch.records(), ({ record }) => record)
  const operations = batch.operations()
  const payload = encodeLogRecord({ kind: 'batch', epoch, batchId: id, records, operations })
  return { id, at, payload, expectedLast, batch, isUncertain: false }
}

/**
 * What the source and the target of a hand-off say to each other, as plain data.
 *
 * Two calls: `hand-off.load` brings links and operations, `hand-off.open` brings the last of them and
 * asks the target to open the partition. Both may be repeated: pieces are numbered within their move.
 * Links travel as one base64 string per call, and operations as another, because calls are JSON and a
 * link as JSON costs several times as much. Big-endian:
 *
 *   a link        u8 flags, u48 position, u16 length and bytes of the record
 *   an operation  u8 outcome, u48 position, u48 time, u8 length and ASCII of the id,
 *                 u16 length and bytes of the record
 */
import assert from 'node:assert/strict'
import {
  toLogPosition,
  type Epoch,
  type EpochMs,
  type LogPosition,
  type PartitionId,
} from '../../links/ids.ts'
import { codeOfRecord, recordLength, type LinkRecord } from '../../links/link-record.ts'
import { OPERATION_OUTCOMES } from '../../persistence/log/log-record.ts'
import type { ScannedVersion } from '../memory/link-table.ts'
import type { Operation } from '../partition/operations.ts'

export const LOAD_CALL = 'hand-off.load'
export const OPEN_CALL = 'hand-off.open'

/** One piece of what a partition knows. Answered with `Loaded`. */
export interface LoadMessage {
  readonly partition: PartitionId
  /** Names one attempt to move the partition. */
  readonly move: string
  /** From 0 and without gaps, in each move; the piece with 0 begins it. */
  readonly sequence: number
  /** The version of the table by which the source began the move. */
  readonly tableVersion: number
  /**
   * bulk: more is to come. last: the source lets writes wait as soon as this is answered.
   * sealed: they do wait.
   */
  readonly stage: 'bulk' | 'last' | 'sealed'
  readonly versions: string
  /** In order of position, over all pieces. */
  readonly operations: string
}

/** The last piece. Answered with `Opened` once the target's epoch record is in the log. */
export interface OpenMessage extends LoadMessage {
  /** The source's. */
  readonly epoch: Epoch
  /** The newest entry of the log: the source appends nothing behind it. */
  readonly lastPosition: LogPosition
  /** Whether the source knew every link of the partition, and the target therefore does. */
  readonly isComplete: boolean
}

/** false: the target does not know the move (any more); the source begins a new one. */
export interface Loaded {
  readonly isKnown: boolean
}

export interface Opened {
  /** null: the target does not know the move (any more). */
  readonly opened: { readonly epoch: Epoch; readonly position: LogPosition } | null
}

const HEADER_BYTES = 9
/** Beside id and record. */
const OPERATION_BYTES = 16
const DIRTY = 1

export function packVersions(versions: readonly ScannedVersion[]): string {
  const size = versions.reduce((sum, { record }) => sum + HEADER_BYTES + record.length, 0)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const { position, record, isDirty } of versions) {
    at = bytes.writeUInt8(isDirty ? DIRTY : 0, at)
    at = bytes.writeUIntBE(position, at, 6)
    at = bytes.writeUInt16BE(record.length, at)
    at += record.copy(bytes, at)
  }
  return bytes.toString('base64')
}

/**
 * @throws Error if `text` was not packed by `packVersions`: a link that is not as long as it says
 *   would make everything behind it in a link table unreadable
 */
export function unpackVersions(text: string): ScannedVersion[] {
  const bytes = Buffer.from(text, 'base64')
  const versions: ScannedVersion[] = []
  let at = 0
  while (at < bytes.length) {
    assert(at + HEADER_BYTES <= bytes.length)
    const isDirty = (bytes[at]! & DIRTY) !== 0
    const position = toLogPosition(bytes.readUIntBE(at + 1, 6))
    const from = at + HEADER_BYTES
    at = from + bytes.readUInt16BE(at + 7)
    assert(at <= bytes.length)
    const record = bytes.subarray(from, at) as LinkRecord
    assert.equal(recordLength(record), record.length)
    versions.push({ code: codeOfRecord(record), position, record, isDirty })
  }
  return versions
}

export function packOperations(operations: readonly Operation[]): string {
  const sizes = operations.map(({ id, record }) => OPERATION_BYTES + id.length + record.length)
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size, 0))
  let at = 0
  for (const { id, outcome, record, position, at: time } of operations) {
    at = bytes.writeUInt8(OPERATION_OUTCOMES.indexOf(outcome), at)
    at = bytes.writeUIntBE(position, at, 6)
    at = bytes.writeUIntBE(time, at, 6)
    at = bytes.writeUInt8(id.length, at)
    at += bytes.write(id, at, 'latin1')
    at = bytes.writeUInt16BE(record.length, at)
    at += record.copy(bytes, at)
  }
  return bytes.toString('base64')
}

/** @throws Error if `text` was not packed by `packOperations` */
export function unpackOperations(text: string): Operation[] {
  const bytes = Buffer.from(text, 'base64')
  const operations: Operation[] = []
  let at = 0
  while (at < bytes.length) {
    const outcome = OPERATION_OUTCOMES[bytes.readUInt8(at)]
    assert(outcome !== undefined)
    const position = toLogPosition(bytes.readUIntBE(at + 1, 6))
    const time = bytes.readUIntBE(at + 7, 6) as EpochMs
    const idEnd = at + 14 + bytes.readUInt8(at + 13)
    const id = bytes.toString('latin1', at + 14, idEnd)
    at = idEnd + 2 + bytes.readUInt16BE(idEnd)
    assert(at <= bytes.length)
    const record = bytes.subarray(idEnd + 2, at) as LinkRecord
    operations.push({ id, outcome, record, position, at: time })
  }
  return operations
}

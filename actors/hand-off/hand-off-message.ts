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
import { TinygridError } from '../../links/errors.ts'
import {
  toLogPosition,
  type Epoch,
  type EpochMs,
  type LogPosition,
  type PartitionId,
} from '../../links/ids.ts'
import { parseOperationId } from '../../links/link-fields.ts'
import { codeOfRecord, parseRecord, type LinkRecord } from '../../links/link-record.ts'
import { PARTITIONS_MAX } from '../../links/ring.ts'
import { OPERATION_OUTCOMES } from '../../persistence/log/log-record.ts'
import type { ScannedVersion } from '../memory/table-scan.ts'
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
const LENGTH_BYTES = 2
/** Highest epoch and position that are taken: the next one must still fit into 48 bits. */
const NUMBER_MAX = 2 ** 48 - 2
/** Beside the node's name it must fit into the name of an epoch record. */
const MOVE_LENGTH_MAX = 128
const MOVE = /^[\w.-]+$/
/** Beside id and record. */
const OPERATION_BYTES = 16
const DIRTY = 1

/** A message, or a refusal: the source is another process. @throws TinygridError bad_request */
export function parseLoadMessage(params: unknown): LoadMessage {
  const { partition, move, sequence, tableVersion, stage, versions, operations } = fieldsOf(params)
  const isNumbered =
    isCount(partition, PARTITIONS_MAX - 1) && isCount(sequence) && isCount(tableVersion)
  if (!isNumbered || !isMove(move) || !isStage(stage)) throw notUnderstood()
  if (typeof versions !== 'string' || typeof operations !== 'string') throw notUnderstood()
  const id = partition as PartitionId
  return { partition: id, move, sequence, tableVersion, stage, versions, operations }
}

/** @throws TinygridError bad_request */
export function parseOpenMessage(params: unknown): OpenMessage {
  const { epoch, lastPosition, isComplete } = fieldsOf(params)
  const isOpen = isCount(epoch, NUMBER_MAX) && isCount(lastPosition, NUMBER_MAX)
  if (!isOpen || typeof isComplete !== 'boolean') throw notUnderstood()
  return {
    ...parseLoadMessage(params),
    epoch: epoch as Epoch,
    lastPosition: lastPosition as LogPosition,
    isComplete,
  }
}

/** undefined: it is no such answer, and says nothing. */
export function parseOpened(answer: unknown): Opened | undefined {
  const { opened } = fieldsOf(answer)
  if (opened === null) return { opened }
  const { epoch, position } = fieldsOf(opened)
  if (!isCount(epoch, NUMBER_MAX) || !isCount(position, NUMBER_MAX)) return undefined
  return { opened: { epoch: epoch as Epoch, position: position as LogPosition } }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Readonly<Record<string, unknown>>
}

function isCount(value: unknown, max = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
}

function isMove(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOVE_LENGTH_MAX && MOVE.test(value)
}

function isStage(value: unknown): value is LoadMessage['stage'] {
  return value === 'bulk' || value === 'last' || value === 'sealed'
}

function notUnderstood(cause?: unknown): TinygridError {
  const detail = 'The message of the hand-off is not understood'
  return new TinygridError('bad_request', { detail, cause })
}

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
 * @throws TinygridError bad_request if `text` was not packed by `packVersions`: a link that is not as
 *   long as it says would make everything behind it in a link table unreadable
 */
export function unpackVersions(text: string): ScannedVersion[] {
  return unpack(text, (bytes, at) => {
    const isDirty = (bytes.readUInt8(at) & DIRTY) !== 0
    const position = toLogPosition(bytes.readUIntBE(at + 1, 6))
    const { record, end } = recordBehind(bytes, at + 7)
    return { entry: { code: codeOfRecord(record), position, record, isDirty }, end }
  })
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

/** @throws TinygridError bad_request if `text` was not packed by `packOperations` */
export function unpackOperations(text: string): Operation[] {
  return unpack(text, (bytes, at) => {
    const outcome = OPERATION_OUTCOMES[bytes.readUInt8(at)]
    const position = toLogPosition(bytes.readUIntBE(at + 1, 6))
    const time = bytes.readUIntBE(at + 7, 6) as EpochMs
    const idEnd = at + 14 + bytes.readUInt8(at + 13)
    const { record, end } = recordBehind(bytes, idEnd)
    if (outcome === undefined) throw notUnderstood()
    const id = parseOperationId(bytes.toString('latin1', at + 14, idEnd))
    return { entry: { id, outcome, record, position, at: time }, end }
  })
}

/** @param read what stands at a place, and where it ends; a RangeError if that is beyond the end */
function unpack<T>(
  text: string,
  read: (bytes: Buffer, at: number) => { entry: T; end: number },
): T[] {
  const bytes = Buffer.from(text, 'base64')
  const entries: T[] = []
  try {
    for (let at = 0; at < bytes.length;) {
      const { entry, end } = read(bytes, at)
      entries.push(entry)
      at = end
    }
  } catch (cause) {
    throw notUnderstood(cause)
  }
  return entries
}

/** The record whose length stands at `at`. */
function recordBehind(bytes: Buffer, at: number): { record: LinkRecord; end: number } {
  const from = at + LENGTH_BYTES
  const end = from + bytes.readUInt16BE(at)
  const record = end <= bytes.length ? parseRecord(bytes.subarray(from, end)) : undefined
  if (record === undefined) throw notUnderstood()
  return { record, end }
}

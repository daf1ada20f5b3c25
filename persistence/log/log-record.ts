/**
 * What is in a log entry: the opening of an epoch, or a batch of link records.
 *
 * Used by the partition actor, which writes them, and by recovery, which reads them. An epoch record
 * says who writes from here on. A batch carries the id by which its writer finds it again after a
 * lost acknowledgement, and at most one record per code, so that code and position name a version.
 * The layout, big-endian:
 *
 *   0  u8   format version (upper half) and kind (lower half)
 *   1  u32  CRC-32 of byte 0 and of all that follows the checksum
 *   5  u48  epoch
 *  11  u8   length and UTF-8 of the name: the batch id (batch); the node id, for a move with a
 *           slash and the move's name behind it (epoch record)
 *      u32  number of records, each u16 length and bytes (batch)
 *      u32  number of operations, each u8 outcome, u32 record, u8 length and ASCII of the id
 *           (batch with operations)
 *
 * The version of a batch is that of its newest kind of link (`formatOfRecord`): plain ones are written as
 * ever. A program that does not know the kind refuses the entry by that, and leaves it where it is; a record
 * that it cannot read it would leave out, and trim.
 *
 * The checksum notices damage that the log's own medium did not. Rejected: one entry per link, which
 * would make an acknowledgement of many links a matter of several appends.
 */
import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import { TinygridError } from '../../links/errors.ts'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { codeOfRecord, parseRecord, type LinkRecord } from '../../links/link-record.ts'
import { formatOfRecord, RECORD_FORMATS } from '../../links/record-format.ts'

export type LogRecord = EpochRecord | BatchRecord

interface EpochRecord {
  readonly kind: 'epoch'
  readonly epoch: Epoch
  /** Who writes from here on. */
  readonly nodeId: NodeId
  /** The move by which the partition came to the node; undefined: it was opened from the log. */
  readonly move?: string
}

interface BatchRecord {
  readonly kind: 'batch'
  readonly epoch: Epoch
  /** At most NAME_BYTES_MAX bytes in UTF-8. */
  readonly batchId: string
  /** Decoded: views into the payload. Invariant: at most one per code. */
  readonly records: readonly LinkRecord[]
  /** Operations that this batch carried out, by which a repeated request is known. */
  readonly operations: readonly LoggedOperation[]
  /** Decoded: how many records were left out, with their operations, because they are no links. */
  readonly damaged?: number
}

export interface LoggedOperation {
  /** As the request named it: ASCII, at most OPERATION_ID_LENGTH_MAX characters. */
  readonly id: string
  readonly outcome: OperationOutcome
  /** Which of the batch's records it led to, by place. */
  readonly record: number
}

/** What a request that changed a link was told. */
export type OperationOutcome = (typeof OPERATION_OUTCOMES)[number]

/** Their places are what is written: only ever add to the end. */
export const OPERATION_OUTCOMES = ['created', 'done', 'redirect'] as const

const VERSION = 1
const VERSION_MAX = RECORD_FORMATS.at(-1)!
const KIND = { epoch: 1, batch: 2, batchWithOperations: 3 } as const
/** The first byte of all that this program writes. */
const KINDS = new Set(
  Object.values(KIND).flatMap((kind) => RECORD_FORMATS.map((version) => (version << 4) | kind)),
)
const CHECKSUM_AT = 1
const EPOCH_AT = 5
const NAME_AT = 11
const NAME_BYTES_MAX = 255
const COUNT_BYTES = 4
const LENGTH_BYTES = 2
const OPERATION_BYTES = 6

export function encodeLogRecord(record: LogRecord): Buffer {
  const name = Buffer.from(record.kind === 'epoch' ? nameOf(record) : record.batchId)
  assert(name.length <= NAME_BYTES_MAX, 'the name in a log record is too long')
  const start = NAME_AT + 1 + name.length
  const bytes = Buffer.allocUnsafe(start + recordsSize(record))
  bytes[0] = (versionOf(record) << 4) | kindOf(record)
  bytes.writeUIntBE(record.epoch, EPOCH_AT, 6)
  bytes[NAME_AT] = name.length
  name.copy(bytes, NAME_AT + 1)
  if (record.kind === 'batch') writeBatch(bytes, start, record)
  bytes.writeUInt32BE(checksumOf(bytes), CHECKSUM_AT)
  return bytes
}

/** @throws TinygridError internal: damaged, not a Tinygrid's, or written by a newer Tinygrid */
export function decodeLogRecord(payload: Buffer): LogRecord {
  const version = payload.length === 0 ? 0 : payload[0]! >>> 4
  if (version > VERSION_MAX) throw unreadable(`it has format ${version}, known is ${VERSION_MAX}`)
  const isWhole = payload.length > NAME_AT && version >= VERSION
  if (!isWhole || payload.readUInt32BE(CHECKSUM_AT) !== checksumOf(payload)) {
    throw unreadable('its checksum does not match')
  }
  const epoch = payload.readUIntBE(EPOCH_AT, 6) as Epoch
  const start = NAME_AT + 1 + payload[NAME_AT]!
  const name = payload.toString('utf8', NAME_AT + 1, start)
  const kind = payload[0]! & 0x0f
  if (kind === KIND.epoch) return epochRecord(epoch, name)
  if (kind !== KIND.batch && kind !== KIND.batchWithOperations) {
    throw unreadable(`it has the unknown kind ${kind}`)
  }
  try {
    const { records, end } = readRecords(payload, start)
    const operations = kind === KIND.batch ? [] : readOperations(payload, end, records.length)
    return { kind: 'batch', epoch, batchId: name, ...withoutDamaged(records, operations) }
  } catch (error) {
    // Its checksum is right: whoever wrote it is no Tinygrid, or one with a fault.
    throw error instanceof RangeError ? unreadable('it ends too early') : error
  }
}

/**
 * Whether a payload is nobody's: it does not begin as what this program writes, and no checksum says
 * that a newer one wrote it. One that begins so and has a wrong checksum is damaged, not foreign.
 */
export function isForeignPayload(payload: Buffer): boolean {
  if (payload.length === 0) return true
  if (KINDS.has(payload[0]!)) return false
  return payload.length <= NAME_AT || payload.readUInt32BE(CHECKSUM_AT) !== checksumOf(payload)
}

function nameOf({ nodeId, move }: EpochRecord): string {
  return move === undefined ? nodeId : `${nodeId}/${move}`
}

function epochRecord(epoch: Epoch, name: string): EpochRecord {
  const slash = name.indexOf('/')
  if (slash < 0) return { kind: 'epoch', epoch, nodeId: name as NodeId }
  const nodeId = name.slice(0, slash) as NodeId
  return { kind: 'epoch', epoch, nodeId, move: name.slice(slash + 1) }
}

function versionOf(record: LogRecord): number {
  if (record.kind === 'epoch') return VERSION
  return record.records.reduce((version, one) => Math.max(version, formatOfRecord(one)), VERSION)
}

function kindOf(record: LogRecord): number {
  if (record.kind === 'epoch') return KIND.epoch
  return record.operations.length === 0 ? KIND.batch : KIND.batchWithOperations
}

function recordsSize(record: LogRecord): number {
  if (record.kind === 'epoch') return 0
  const { records, operations } = record
  const size = records.reduce((sum, { length }) => sum + LENGTH_BYTES + length, COUNT_BYTES)
  if (operations.length === 0) return size
  return operations.reduce((sum, { id }) => sum + OPERATION_BYTES + id.length, size + COUNT_BYTES)
}

function writeBatch(bytes: Buffer, start: number, { records, operations }: BatchRecord): void {
  assertOnePerCode(records)
  let at = bytes.writeUInt32BE(records.length, start)
  for (const record of records) {
    at = bytes.writeUInt16BE(record.length, at)
    at += record.copy(bytes, at)
  }
  if (operations.length > 0) at = writeOperations(bytes, at, operations)
  assert.equal(at, bytes.length)
}

function writeOperations(
  bytes: Buffer,
  start: number,
  operations: readonly LoggedOperation[],
): number {
  let at = bytes.writeUInt32BE(operations.length, start)
  for (const { id, outcome, record } of operations) {
    assert(id.length <= NAME_BYTES_MAX, 'an operation id is too long')
    at = bytes.writeUInt8(OPERATION_OUTCOMES.indexOf(outcome), at)
    at = bytes.writeUInt32BE(record, at)
    at = bytes.writeUInt8(id.length, at)
    at += bytes.write(id, at, 'latin1')
  }
  return at
}

function readOperations(payload: Buffer, start: number, records: number): LoggedOperation[] {
  const operations: LoggedOperation[] = []
  const count = payload.readUInt32BE(start)
  let at = start + COUNT_BYTES
  for (let index = 0; index < count; index++) {
    const outcome = OPERATION_OUTCOMES[payload[at]!]
    if (outcome === undefined) throw unreadable(`it has the unknown outcome ${payload[at]}`)
    const record = payload.readUInt32BE(at + 1)
    if (record >= records) throw unreadable(`it has ${records} records, not one at ${record}`)
    const from = at + OPERATION_BYTES
    at = from + payload.readUInt8(from - 1)
    if (at > payload.length) throw unreadable('it ends too early')
    operations.push({ id: payload.toString('latin1', from, at), outcome, record })
  }
  return operations
}

function assertOnePerCode(records: readonly LinkRecord[]): void {
  if (records.length < 2) return
  const codes = new Set(records.map((record) => codeOfRecord(record)))
  assert.equal(codes.size, records.length, 'a batch has two records of one code')
}

/** One record that is no link keeps nobody from the others of its batch. */
function withoutDamaged(
  all: readonly (LinkRecord | undefined)[],
  operations: readonly LoggedOperation[],
): Pick<BatchRecord, 'records' | 'operations' | 'damaged'> {
  const records = all.filter((record) => record !== undefined)
  const damaged = all.length - records.length
  if (damaged === 0) return { records, operations }
  const kept = operations.filter(({ record }) => all[record] !== undefined)
  const moved = kept.map(({ id, outcome, record }) => {
    return { id, outcome, record: records.indexOf(all[record]!) }
  })
  return { records, operations: moved, damaged }
}

interface Records {
  /** undefined: no link. */
  readonly records: readonly (LinkRecord | undefined)[]
  readonly end: number
}

function readRecords(payload: Buffer, start: number): Records {
  const records: (LinkRecord | undefined)[] = []
  const count = payload.readUInt32BE(start)
  let at = start + COUNT_BYTES
  for (let index = 0; index < count; index++) {
    const from = at + LENGTH_BYTES
    at = from + payload.readUInt16BE(at)
    if (at > payload.length) throw unreadable('it ends too early')
    records.push(parseRecord(payload.subarray(from, at)))
  }
  return { records, end: at }
}

function checksumOf(bytes: Buffer): number {
  return crc32(bytes.subarray(EPOCH_AT), crc32(bytes.subarray(0, CHECKSUM_AT)))
}

function unreadable(why: string): TinygridError {
  return new TinygridError('internal', { detail: `A log record cannot be read: ${why}` })
}

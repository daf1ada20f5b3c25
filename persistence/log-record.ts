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
 *  11  u8   length and UTF-8 of the node id (epoch record) or of the batch id (batch)
 *      u32  number of records, each u16 length and bytes (batch)
 *
 * The checksum notices damage that the log's own medium did not. Rejected: one entry per link, which
 * would make an acknowledgement of many links a matter of several appends.
 */
import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import { TinygridError } from '../cluster/errors.ts'
import type { Epoch, NodeId } from '../cluster/ids.ts'
import { codeOfRecord, type LinkRecord } from '../cluster/link-record.ts'

export type LogRecord = EpochRecord | BatchRecord

interface EpochRecord {
  readonly kind: 'epoch'
  readonly epoch: Epoch
  readonly nodeId: NodeId
}

interface BatchRecord {
  readonly kind: 'batch'
  readonly epoch: Epoch
  /** At most NAME_BYTES_MAX bytes in UTF-8. */
  readonly batchId: string
  /** Decoded: views into the payload. Invariant: at most one per code. */
  readonly records: readonly LinkRecord[]
}

const VERSION = 1
const KIND = { epoch: 1, batch: 2 } as const
const CHECKSUM_AT = 1
const EPOCH_AT = 5
const NAME_AT = 11
const NAME_BYTES_MAX = 255
const COUNT_BYTES = 4
const LENGTH_BYTES = 2

export function encodeLogRecord(record: LogRecord): Buffer {
  const name = Buffer.from(record.kind === 'epoch' ? record.nodeId : record.batchId)
  assert(name.length <= NAME_BYTES_MAX, 'the name in a log record is too long')
  const start = NAME_AT + 1 + name.length
  const bytes = Buffer.allocUnsafe(start + recordsSize(record))
  bytes[0] = (VERSION << 4) | KIND[record.kind]
  bytes.writeUIntBE(record.epoch, EPOCH_AT, 6)
  bytes[NAME_AT] = name.length
  name.copy(bytes, NAME_AT + 1)
  if (record.kind === 'batch') writeRecords(bytes, start, record.records)
  bytes.writeUInt32BE(checksumOf(bytes), CHECKSUM_AT)
  return bytes
}

/** @throws TinygridError internal: damaged, or written by a newer Tinygrid */
export function decodeLogRecord(payload: Buffer): LogRecord {
  const version = payload.length === 0 ? 0 : payload[0]! >>> 4
  if (version > VERSION) throw unreadable(`it has format ${version}, known is ${VERSION}`)
  const isWhole = payload.length > NAME_AT && version === VERSION
  if (!isWhole || payload.readUInt32BE(CHECKSUM_AT) !== checksumOf(payload)) {
    throw unreadable('its checksum does not match')
  }
  const epoch = payload.readUIntBE(EPOCH_AT, 6) as Epoch
  const start = NAME_AT + 1 + payload[NAME_AT]!
  const name = payload.toString('utf8', NAME_AT + 1, start)
  const kind = payload[0]! & 0x0f
  if (kind === KIND.epoch) return { kind: 'epoch', epoch, nodeId: name as NodeId }
  if (kind !== KIND.batch) throw unreadable(`it has the unknown kind ${kind}`)
  return { kind: 'batch', epoch, batchId: name, records: readRecords(payload, start) }
}

function recordsSize(record: LogRecord): number {
  if (record.kind === 'epoch') return 0
  return record.records.reduce((sum, { length }) => sum + LENGTH_BYTES + length, COUNT_BYTES)
}

function writeRecords(bytes: Buffer, start: number, records: readonly LinkRecord[]): void {
  assertOnePerCode(records)
  let at = bytes.writeUInt32BE(records.length, start)
  for (const record of records) {
    at = bytes.writeUInt16BE(record.length, at)
    at += record.copy(bytes, at)
  }
  assert.equal(at, bytes.length)
}

function assertOnePerCode(records: readonly LinkRecord[]): void {
  if (records.length < 2) return
  const codes = new Set(records.map((record) => codeOfRecord(record)))
  assert.equal(codes.size, records.length, 'a batch has two records of one code')
}

function readRecords(payload: Buffer, start: number): LinkRecord[] {
  const records: LinkRecord[] = []
  const count = payload.readUInt32BE(start)
  let at = start + COUNT_BYTES
  for (let index = 0; index < count; index++) {
    const from = at + LENGTH_BYTES
    at = from + payload.readUInt16BE(at)
    records.push(payload.subarray(from, at) as LinkRecord)
  }
  return records
}

function checksumOf(bytes: Buffer): number {
  return crc32(bytes.subarray(EPOCH_AT), crc32(bytes.subarray(0, CHECKSUM_AT)))
}

function unreadable(why: string): TinygridError {
  return new TinygridError('internal', { detail: `A log record cannot be read: ${why}` })
}

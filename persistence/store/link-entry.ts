/**
 * A link version as key and value of the LMDB store.
 *
 * Used by the files of that store. Key: u32 hash, then the code, so that a partition, a range of
 * hashes, is a range of keys. Value: u8 format, u32 CRC-32 of what follows, u48 position, then the
 * record. Big-endian. A checkpoint is a u48 position and a CRC-32 of key and position, under its u16
 * partition.
 *
 * Damage that the disk does not notice shows in the value by its checksum. In a key it shows by the
 * hash, which does not fit the code any more; there it hides the link that it belonged to, wherever
 * its neighbours are.
 */
import { crc32 } from 'node:zlib'
import { hashCode } from '../../links/hash.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import type { LinkRecord, LinkVersion } from '../../links/link-record.ts'

export const STORE_KEYSPACES = {
  links: 'links',
  byTime: 'links by time',
  byTag: 'links by tag',
  checkpoints: 'checkpoints',
} as const
/** Highest hash. */
export const HASH_MAX = 2 ** 32 - 1
const HASH_BYTES = 4
const POSITION_BYTES = 6
const PARTITION_BYTES = 2
const CHECKSUM_BYTES = 4
const FORMAT = 1
const CHECKSUM_AT = 1
const POSITION_AT = 5
const RECORD_AT = 11

export function linkKey(code: Code): Buffer {
  const key = Buffer.allocUnsafe(HASH_BYTES + code.length)
  key.writeUInt32BE(hashCode(code), 0)
  key.write(code, HASH_BYTES, 'latin1')
  return key
}

/** Not above any key with this hash, and above every key with a lower one. */
export function firstKeyOfHash(hash: number): Buffer {
  const key = Buffer.allocUnsafe(HASH_BYTES)
  key.writeUInt32BE(hash, 0)
  return key
}

export function codeOfLinkKey(key: Buffer): Code {
  return key.toString('latin1', HASH_BYTES) as Code
}

/** Whether a key is what it was when it was written. */
export function isSoundKey(key: Buffer): boolean {
  return key.length > HASH_BYTES && hashCode(codeOfLinkKey(key)) === key.readUInt32BE(0)
}

export function linkValue({ position, record }: Pick<LinkVersion, 'position' | 'record'>): Buffer {
  const value = Buffer.allocUnsafe(RECORD_AT + record.length)
  value[0] = FORMAT
  value.writeUIntBE(position, POSITION_AT, POSITION_BYTES)
  record.copy(value, RECORD_AT)
  value.writeUInt32BE(crc32(value.subarray(POSITION_AT)), CHECKSUM_AT)
  return value
}

/**
 * What a value holds, the record a view into it; undefined: it is damaged. The driver's fast reads
 * give a longer buffer, with the length of the value.
 */
export function readLinkValue(value: Buffer): Omit<LinkVersion, 'code'> | undefined {
  const isKnown = value.length > RECORD_AT && value[0] === FORMAT
  if (
    !isKnown ||
    crc32(value.subarray(POSITION_AT, value.length)) !== value.readUInt32BE(CHECKSUM_AT)
  ) {
    return undefined
  }
  return {
    position: value.readUIntBE(POSITION_AT, POSITION_BYTES) as LogPosition,
    record: value.subarray(RECORD_AT, value.length) as LinkRecord,
  }
}

/** A value of the first format, u48 position and record, as it is written now; undefined: it is. */
export function withChecksum(value: Buffer): Buffer | undefined {
  if (value[0] !== 0) return undefined // positions of that format are far below 2 ** 40
  const position = value.readUIntBE(0, POSITION_BYTES) as LogPosition
  return linkValue({ position, record: value.subarray(POSITION_BYTES) as LinkRecord })
}

export function checkpointKey(partition: PartitionId): Buffer {
  const key = Buffer.allocUnsafe(PARTITION_BYTES)
  key.writeUInt16BE(partition, 0)
  return key
}

export function partitionOfKey(key: Buffer): PartitionId {
  return key.readUInt16BE(0) as PartitionId
}

export function checkpointValue(key: Buffer, position: LogPosition): Buffer {
  const value = Buffer.allocUnsafe(POSITION_BYTES + CHECKSUM_BYTES)
  value.writeUIntBE(position, 0, POSITION_BYTES)
  value.writeUInt32BE(crc32(value.subarray(0, POSITION_BYTES), crc32(key)), POSITION_BYTES)
  return value
}

/** undefined: it is damaged. */
export function readCheckpoint(key: Buffer, value: Buffer): LogPosition | undefined {
  if (value.length !== POSITION_BYTES + CHECKSUM_BYTES) return undefined
  const position = value.readUIntBE(0, POSITION_BYTES) as LogPosition
  return checkpointValue(key, position).equals(value) ? position : undefined
}

/** A checkpoint of the first format, a u48 position, as it is written now; undefined: it is. */
export function checkpointWithChecksum(key: Buffer, value: Buffer): Buffer | undefined {
  if (value.length !== POSITION_BYTES) return undefined
  return checkpointValue(key, value.readUIntBE(0, POSITION_BYTES) as LogPosition)
}

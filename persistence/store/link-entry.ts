/**
 * A link version as key and value of the LMDB store.
 *
 * Used by the files of that store. Key: u32 hash, then the code, so that a partition, a range of
 * hashes, is a range of keys. Value: u48 position, then the record. Big-endian.
 */
import { hashCode } from '../../links/hash.ts'
import type { Code, LogPosition } from '../../links/ids.ts'
import type { LinkRecord, LinkVersion } from '../../links/link-record.ts'

/** Highest hash. */
export const HASH_MAX = 2 ** 32 - 1
const HASH_BYTES = 4
const POSITION_BYTES = 6

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

export function linkValue({ position, record }: LinkVersion): Buffer {
  const value = Buffer.allocUnsafe(POSITION_BYTES + record.length)
  value.writeUIntBE(position, 0, POSITION_BYTES)
  record.copy(value, POSITION_BYTES)
  return value
}

export function positionOfValue(value: Buffer): LogPosition {
  return value.readUIntBE(0, POSITION_BYTES) as LogPosition
}

/** A view into the value. */
export function recordOfValue(value: Buffer): LinkRecord {
  return value.subarray(POSITION_BYTES) as LinkRecord
}

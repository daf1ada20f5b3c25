/**
 * How one version of a link lies in a link table's arena.
 *
 * Used by everything the link table is made of; the functions take the bytes and where the entry
 * starts, so that nothing is allocated to look at one. The layout:
 *
 *   0  u8   flags (below)
 *   1  u48  log position, big-endian
 *   7  the link's record (links/link-record.ts), then padding up to a whole UNIT_BYTES
 *
 * The length is not stored: the record tells its own, which saves 2 B per link. So the record of a
 * dead entry must stay readable until its chunk is released, or nobody finds the entry after it.
 */
import type { Code, LogPosition } from '../../links/ids.ts'
import {
  RECORD_HEADER_BYTES,
  recordLength,
  type LinkRecord,
  type LinkVersion,
} from '../../links/link-record.ts'

/** What a 32-bit reference counts: 2^32 units of 4 bytes are 16 GiB in one table. */
export const UNIT_BYTES = 4
export const ENTRY_HEADER_BYTES = 7

export const ENTRY_FLAGS = {
  /** Asked for since the eviction hand last passed. */
  visited: 1,
  /** Not in the store yet: never evicted. */
  dirty: 2,
  /** Replaced, removed or moved: its bytes are free once its chunk is compacted. */
  dead: 4,
} as const

/** Bytes that an entry for this record takes, padding included. */
export function entryBytesFor(record: LinkRecord): number {
  return padded(ENTRY_HEADER_BYTES + record.length)
}

/** Bytes of the entry that starts at `at`, padding included. */
export function entryBytes(bytes: Buffer, at: number): number {
  return padded(ENTRY_HEADER_BYTES + recordLength(bytes, at + ENTRY_HEADER_BYTES))
}

function padded(size: number): number {
  return (size + UNIT_BYTES - 1) & -UNIT_BYTES
}

export function writeEntry(bytes: Buffer, at: number, version: LinkVersion, flags: number): void {
  bytes[at] = flags
  bytes.writeUIntBE(version.position, at + 1, 6)
  bytes.set(version.record, at + ENTRY_HEADER_BYTES)
}

export function positionAt(bytes: Buffer, at: number): LogPosition {
  return bytes.readUIntBE(at + 1, 6) as LogPosition
}

/** A copy of the entry's record; the arena's bytes may move under anything else. */
export function recordAt(bytes: Buffer, at: number): LinkRecord {
  const start = at + ENTRY_HEADER_BYTES
  const length = recordLength(bytes, start)
  const record = Buffer.allocUnsafe(length)
  bytes.copy(record, 0, start, start + length)
  return record as LinkRecord
}

export function codeStart(at: number): number {
  return at + ENTRY_HEADER_BYTES + RECORD_HEADER_BYTES
}

export function codeLength(bytes: Buffer, at: number): number {
  return bytes[at + ENTRY_HEADER_BYTES + 1]!
}

/** Compares the whole code: a hash never decides alone. */
export function hasCode(bytes: Buffer, at: number, code: Code): boolean {
  const length = code.length
  if (codeLength(bytes, at) !== length) return false
  const start = codeStart(at)
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== code.charCodeAt(i)) return false
  }
  return true
}

/**
 * A chunk: the log entries of one or many partitions in one database value.
 *
 * Used by `lmdb-log.ts`. Entries follow each other as u16 partition, u48 position, u32 length and
 * payload, big-endian. A chunk of several entries fits one page of the database, so freed chunks
 * leave single pages that any later one can use; only an entry that is larger by itself takes more.
 */
import type { LogPosition, PartitionId } from '../../links/ids.ts'

export interface ChunkEntry {
  readonly partition: PartitionId
  readonly position: LogPosition
  readonly payload: Uint8Array
}

const HEADER_BYTES = 12
/** A page of 4,096 bytes less its header, rounded down. */
export const CHUNK_BYTES_MAX = 4064

const KEY_BYTES = 6

/** Chunks stand under their rising numbers. */
export function chunkKey(chunk: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES)
  key.writeUIntBE(chunk, 0, KEY_BYTES)
  return key
}

export function chunkOfKey(key: Buffer): number {
  return key.readUIntBE(0, KEY_BYTES)
}

/** Splits entries, in order, into groups that each fit a chunk. */
export function chunksOf(entries: readonly ChunkEntry[]): ChunkEntry[][] {
  const chunks: ChunkEntry[][] = []
  let room = 0
  for (const entry of entries) {
    const size = HEADER_BYTES + entry.payload.length
    if (chunks.length === 0 || size > room) {
      chunks.push([])
      room = CHUNK_BYTES_MAX
    }
    chunks.at(-1)!.push(entry)
    room -= size
  }
  return chunks
}

export function encodeChunk(entries: readonly ChunkEntry[]): Buffer {
  const size = entries.reduce((sum, { payload }) => sum + HEADER_BYTES + payload.length, 0)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const { partition, position, payload } of entries) {
    at = bytes.writeUInt16BE(partition, at)
    at = bytes.writeUIntBE(position, at, 6)
    at = bytes.writeUInt32BE(payload.length, at)
    bytes.set(payload, at)
    at += payload.length
  }
  return bytes
}

/** The entries of a chunk, payloads as views into it. @throws RangeError if it is damaged */
export function* decodeChunk(bytes: Buffer): Generator<ChunkEntry & { readonly payload: Buffer }> {
  let at = 0
  while (at < bytes.length) {
    const start = at + HEADER_BYTES
    const end = start + bytes.readUInt32BE(at + 8)
    if (end > bytes.length) throw new RangeError('an entry goes past the end of its chunk')
    yield {
      partition: bytes.readUInt16BE(at) as PartitionId,
      position: bytes.readUIntBE(at + 2, 6) as LogPosition,
      payload: bytes.subarray(start, end),
    }
    at = end
  }
}

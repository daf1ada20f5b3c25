/**
 * A chunk: the log entries of one or many partitions in one database value.
 *
 * Used by `lmdb-log.ts`. A byte for the format and a CRC-32 of what follows; then the entries, each
 * u16 partition, u48 position, u32 length and payload, big-endian. Chunks of the first format begin
 * with their entries; a partition's first byte is too low to be taken for the other. A chunk of several entries fits one page of the database, so freed chunks
 * leave single pages that any later one can use; only an entry that is larger by itself takes more.
 */
import { crc32 } from 'node:zlib'
import { TinygridError } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'

export interface ChunkEntry {
  readonly partition: PartitionId
  readonly position: LogPosition
  readonly payload: Uint8Array
}

/** The keyspace of chunks. */
export const CHUNKS = 'chunks'
const HEADER_BYTES = 12
const FORMAT = 0x81
const CHECKSUM_AT = 1
const ENTRIES_AT = 5
/** Above the first byte of any partition. */
const FIRST_FORMAT_MAX = 0x0f
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
      room = CHUNK_BYTES_MAX - ENTRIES_AT
    }
    chunks.at(-1)!.push(entry)
    room -= size
  }
  return chunks
}

export function encodeChunk(entries: readonly ChunkEntry[]): Buffer {
  const size = entries.reduce((sum, { payload }) => sum + HEADER_BYTES + payload.length, 0)
  const bytes = Buffer.allocUnsafe(ENTRIES_AT + size)
  bytes[0] = FORMAT
  let at = ENTRIES_AT
  for (const { partition, position, payload } of entries) {
    at = bytes.writeUInt16BE(partition, at)
    at = bytes.writeUIntBE(position, at, 6)
    at = bytes.writeUInt32BE(payload.length, at)
    bytes.set(payload, at)
    at += payload.length
  }
  bytes.writeUInt32BE(crc32(bytes.subarray(ENTRIES_AT)), CHECKSUM_AT)
  return bytes
}

/** The entries of a chunk, payloads as views into it. @throws TinygridError internal: it is damaged */
export function* decodeChunk(bytes: Buffer): Generator<ChunkEntry & { readonly payload: Buffer }> {
  let at = startOf(bytes)
  while (at < bytes.length) {
    const start = at + HEADER_BYTES
    const end = start > bytes.length ? Infinity : start + bytes.readUInt32BE(at + 8)
    if (end > bytes.length) throw damaged('an entry goes past its end')
    yield {
      partition: bytes.readUInt16BE(at) as PartitionId,
      position: bytes.readUIntBE(at + 2, 6) as LogPosition,
      payload: bytes.subarray(start, end),
    }
    at = end
  }
}

function startOf(bytes: Buffer): number {
  if (bytes.length === 0 || bytes[0]! <= FIRST_FORMAT_MAX) return 0
  if (bytes[0] !== FORMAT || bytes.length < ENTRIES_AT) throw damaged('its format is not known')
  if (crc32(bytes.subarray(ENTRIES_AT)) !== bytes.readUInt32BE(CHECKSUM_AT)) {
    throw damaged('its checksum does not match')
  }
  return ENTRIES_AT
}

function damaged(why: string): TinygridError {
  return new TinygridError('internal', { detail: `A chunk of the log cannot be read: ${why}` })
}

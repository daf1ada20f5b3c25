/**
 * Walks over the entries of a link table: chunk by chunk, and entry by entry within one.
 *
 * Used by the link table. A walk by chunks may take long: the table may change between two of them,
 * and what was there at its beginning is met at least once, unless it is removed before.
 */
import { codeOfRecord, type LinkVersion } from '../../links/link-record.ts'
import type { Arena } from './arena.ts'
import type { Chunk } from './chunk.ts'
import {
  codeLength,
  codeStart,
  ENTRY_FLAGS,
  ENTRY_HEADER_BYTES,
  entryBytes,
  positionAt,
  recordAt,
} from './table-entry.ts'

/** A version and whether the store lacks it. */
export interface ScannedVersion extends LinkVersion {
  readonly isDirty: boolean
}

/** Where a code stands in the table's bytes; they may move after the call. */
export type CodeReader = (bytes: Uint8Array, start: number, end: number) => void

/** The next chunk per call; undefined at the end. */
export function chunkByChunk(arena: Arena): () => Chunk | undefined {
  // From the newest chunk to the oldest, because the compactor moves entries to an older chunk:
  // what it moves out of a chunk that is still to come is met later, never missed.
  const seen = new WeakSet<Chunk>()
  return () => {
    let chunk = arena.newest
    while (chunk !== undefined && seen.has(chunk)) chunk = chunk.older
    if (chunk !== undefined) seen.add(chunk)
    return chunk
  }
}

export function* versionsIn(chunk: Chunk): IterableIterator<ScannedVersion> {
  const { bytes } = chunk
  for (const place of placesIn(chunk)) {
    const code = codeOfRecord(bytes, place + ENTRY_HEADER_BYTES)
    const isDirty = (bytes[place]! & ENTRY_FLAGS.dirty) !== 0
    yield { code, position: positionAt(bytes, place), record: recordAt(bytes, place), isDirty }
  }
}

/** Where the live entries stand. */
export function* placesIn({ bytes, used }: Chunk): IterableIterator<number> {
  for (let place = 0; place < used; place += entryBytes(bytes, place)) {
    if ((bytes[place]! & ENTRY_FLAGS.dead) === 0) yield place
  }
}

export function readCode({ bytes }: Chunk, place: number, onCode: CodeReader): void {
  const start = codeStart(place)
  onCode(bytes, start, start + codeLength(bytes, place))
}

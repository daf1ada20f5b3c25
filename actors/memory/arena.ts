/**
 * The bytes of a link table: entries in chunks, outside the V8 heap, in order of age.
 *
 * Used by the link table and its parts. An entry is named by a 32-bit reference: the chunk's id,
 * then the place in the chunk in units of UNIT_BYTES. Chunks form a list from the oldest to the
 * newest entry, which is the queue that SIEVE needs, at no cost per link.
 *
 * Guarantees: nothing is allocated before the first entry; chunks are small while the arena is, so
 * that it has at most a quarter more than it holds, and never more than one chunk; growth copies
 * nothing. An entry stays where it is until somebody moves it and changes its reference. It does not
 * reuse the bytes of dead entries: the compactor empties whole chunks and releases them.
 * Rejected: one growing buffer (copying it is a pause), free lists by size (they lose the order).
 */
import assert from 'node:assert/strict'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code } from '../../links/ids.ts'
import { Chunk } from './chunk.ts'
import type { CodeHash } from './code-hash.ts'
import {
  codeLength,
  codeStart,
  ENTRY_FLAGS,
  entryBytes,
  entryBytesFor,
  hasCode,
  UNIT_BYTES,
  writeEntry,
} from './table-entry.ts'

/** A chunk is sized in steps of this share of the largest, so that few bytes are left over. */
const STEPS_PER_CHUNK = 64
/** A new chunk takes this share of all that the arena holds, up to `chunkBytes`. */
const GROWTH_SHARE = 1 / 4
const REF_BITS = 32

export class Arena {
  /** Largest chunk, in bytes. A power of two. */
  readonly chunkBytes: number
  readonly #hash: CodeHash
  readonly #placeBits: number
  readonly #placeMask: number
  /** By id. Invariant: undefined exactly at the ids in #freeIds. */
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #freeIds: number[] = []
  #oldest: Chunk | undefined
  #newest: Chunk | undefined
  /** Where entries are appended: the newest chunk, or none while that is sealed. */
  #head: Chunk | undefined
  /** Sums over all chunks of their buffers' lengths, of `used` and of `dead`. */
  #allocated = 0
  #used = 0
  #dead = 0

  constructor(chunkBytes: number, hash: CodeHash) {
    const units = chunkBytes / UNIT_BYTES
    assert(Number.isInteger(units) && (units & (units - 1)) === 0, 'not a power of two')
    this.chunkBytes = chunkBytes
    this.#hash = hash
    this.#placeBits = Math.log2(units)
    this.#placeMask = units - 1
  }

  get allocated(): number {
    return this.#allocated
  }

  get used(): number {
    return this.#used
  }

  get dead(): number {
    return this.#dead
  }

  get oldest(): Chunk | undefined {
    return this.#oldest
  }

  get newest(): Chunk | undefined {
    return this.#newest
  }

  get head(): Chunk | undefined {
    return this.#head
  }

  chunkOf(ref: number): Chunk {
    return this.#chunks[ref >>> this.#placeBits]!
  }

  /** Where in its chunk's bytes the entry starts. */
  placeOf(ref: number): number {
    return (ref & this.#placeMask) * UNIT_BYTES
  }

  refOf(chunk: Chunk, place: number): number {
    return ((chunk.id << this.#placeBits) | (place / UNIT_BYTES)) >>> 0
  }

  hasCode(ref: number, code: Code): boolean {
    return hasCode(this.chunkOf(ref).bytes, this.placeOf(ref), code)
  }

  hashAt(ref: number): number {
    const { bytes } = this.chunkOf(ref)
    const place = this.placeOf(ref)
    const start = codeStart(place)
    return this.#hash.ofBytes(bytes, start, start + codeLength(bytes, place))
  }

  /** Writes a new youngest entry. */
  append(version: LinkVersion, flags: number): number {
    const size = entryBytesFor(version.record)
    const head = this.#headFor(size)
    const place = this.#take(head, size)
    writeEntry(head.bytes, place, version, flags)
    return this.refOf(head, place)
  }

  /** Makes the entry's bytes dead; returns how many. */
  free(ref: number): number {
    const chunk = this.chunkOf(ref)
    const place = this.placeOf(ref)
    const size = entryBytes(chunk.bytes, place)
    chunk.bytes[place]! |= ENTRY_FLAGS.dead
    chunk.dead += size
    this.#dead += size
    return size
  }

  /** Copies an entry behind the last one of `target`, which has room, and frees it where it was. */
  move(ref: number, target: Chunk): number {
    const { bytes } = this.chunkOf(ref)
    const from = this.placeOf(ref)
    const size = entryBytes(bytes, from)
    const place = this.#take(target, size)
    bytes.copy(target.bytes, place, from, from + size)
    this.free(ref)
    return this.refOf(target, place)
  }

  /** Lets the newest chunk take no further entries: the next one begins a new chunk. */
  seal(): void {
    this.#head = undefined
  }

  /** Adds an empty chunk for `size` bytes just before `newer` in age, or as the newest. */
  insert(size: number, newer?: Chunk): Chunk {
    const id = this.#freeIds.pop() ?? this.#chunks.length
    assert(id < 2 ** (REF_BITS - this.#placeBits), 'the table is past what a reference can name')
    const chunk = new Chunk(id, this.#capacityFor(size))
    const older = newer === undefined ? this.#newest : newer.older
    chunk.older = older
    chunk.newer = newer
    if (older === undefined) this.#oldest = chunk
    else older.newer = chunk
    if (newer === undefined) this.#newest = chunk
    else newer.older = chunk
    this.#chunks[id] = chunk
    this.#allocated += chunk.bytes.length
    return chunk
  }

  /** Gives the chunk room for `size` bytes in all. References into it stay valid. */
  resize(chunk: Chunk, size: number): void {
    this.#allocated -= chunk.bytes.length
    chunk.resize(this.#capacityFor(size))
    this.#allocated += chunk.bytes.length
  }

  /** Gives up a chunk without live entries. */
  release(chunk: Chunk): void {
    assert(chunk.live === 0 && chunk !== this.#head)
    if (chunk.older === undefined) this.#oldest = chunk.newer
    else chunk.older.newer = chunk.newer
    if (chunk.newer === undefined) this.#newest = chunk.older
    else chunk.newer.older = chunk.older
    this.#chunks[chunk.id] = undefined
    this.#freeIds.push(chunk.id)
    this.#allocated -= chunk.bytes.length
    this.#used -= chunk.used
    this.#dead -= chunk.dead
    chunk.free()
  }

  #headFor(size: number): Chunk {
    assert(size <= this.chunkBytes, 'an entry must fit into a chunk')
    const head = this.#head
    if (head !== undefined && head.used + size <= head.bytes.length) return head
    return (this.#head = this.insert(Math.max(size, this.#used * GROWTH_SHARE)))
  }

  #take(chunk: Chunk, size: number): number {
    const place = chunk.used
    assert(place + size <= chunk.bytes.length)
    chunk.used += size
    this.#used += size
    return place
  }

  #capacityFor(size: number): number {
    const step = this.chunkBytes / STEPS_PER_CHUNK
    return Math.min(this.chunkBytes, Math.ceil(size / step) * step)
  }
}

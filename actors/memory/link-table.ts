/**
 * The link table: one partition's links in memory, and the place where a redirect is answered.
 *
 * Used by the partition actor, which owns exactly one and decides everything; the table only holds.
 * The newest version of each code lies in an arena (arena.ts) and is found by an index of slots
 * (slot-index.ts), both outside the V8 heap. SIEVE (sieve.ts) says what to evict, the compactor
 * (compactor.ts) gets back the bytes of what was replaced.
 *
 * Guarantees: every call is synchronous and bounded; a call that changes the table also does one
 * small step of growing its index and one of compaction, so neither ever pauses the process. What
 * it returns is a copy. A dirty entry stays until it is marked clean. An empty table takes under
 * 1 KB, a full one about 29 B per plain link more than its code and URL: 17 for what an entry has
 * besides, 2 for padding, 7 to 9 for the index, the rest for slack.
 * It does not know whether it is complete, nor the time, nor how much memory there is.
 * Rejected: a Map (150 B per link more, ends at 16.7 million entries, pauses for its growth and for
 * each collection of garbage).
 */
import assert from 'node:assert/strict'
import type { Code, EpochMs, LogPosition } from '../../links/ids.ts'
import { lookupRecord, type LinkVersion } from '../../links/link-record.ts'
import { type Lookup, UNKNOWN } from '../../links/link.ts'
import { Arena } from './arena.ts'
import { CODE_HASH, type CodeHash } from './code-hash.ts'
import { Compactor } from './compactor.ts'
import { Sieve } from './sieve.ts'
import { SlotIndex } from './slot-index.ts'
import { NONE } from './slots.ts'
import { chunkByChunk, placesIn, readCode, versionsIn } from './table-scan.ts'
import type { CodeReader, ScannedVersion } from './table-scan.ts'
import {
  ENTRY_FLAGS,
  ENTRY_HEADER_BYTES,
  entryBytes,
  entryBytesFor,
  positionAt,
  recordAt,
  writeEntry,
} from './table-entry.ts'

export interface LinkTableOptions {
  /** Largest piece in which memory is taken and given back: a power of two, above any record. */
  readonly chunkBytes?: number
  readonly hash?: CodeHash
}

export interface Evicted {
  readonly links: number
  /** Bytes that their entries took. Memory follows as the compactor comes past. */
  readonly bytes: number
}

/** Compacting one takes some hundred small moves; a partition of 16,000 links has about 25. */
const CHUNK_BYTES = 64 * 1024
/** How many entries one call of `evict` looks at, at most: some ten microseconds. */
export const EVICT_SCAN_MAX = 256

export class LinkTable {
  readonly #hash: CodeHash
  readonly #arena: Arena
  readonly #index: SlotIndex
  readonly #sieve: Sieve
  readonly #compactor: Compactor
  /** How many entries are dirty. Invariant: at most `size`. */
  #dirty = 0
  /** Counts changes, so that a listing can tell that it is no longer true. */
  #changes = 0

  constructor({ chunkBytes = CHUNK_BYTES, hash = CODE_HASH }: LinkTableOptions = {}) {
    this.#hash = hash
    this.#arena = new Arena(chunkBytes, hash)
    this.#index = new SlotIndex(this.#arena)
    this.#sieve = new Sieve(this.#arena)
    this.#compactor = new Compactor(this.#arena, this.#index, this.#sieve)
  }

  /** Entries here, tombstones included. */
  get size(): number {
    return this.#index.size
  }

  /** Entries that are pinned: not in the store yet. If it equals `size`, nothing can be evicted. */
  get dirty(): number {
    return this.#dirty
  }

  /** Bytes held, as allocated: the arena and the index. */
  get bytes(): number {
    return this.#arena.allocated + this.#index.bytes
  }

  /**
   * What a visitor gets, by memory alone; UNKNOWN if the code is not here. Counts as a visit for
   * eviction. Allocates the URL and the answer, nothing else.
   */
  lookup(code: Code, now: EpochMs): Lookup {
    const ref = this.#find(code)
    if (ref === NONE) return UNKNOWN
    const { bytes } = this.#arena.chunkOf(ref)
    const place = this.#arena.placeOf(ref)
    markVisited(bytes, place)
    return lookupRecord(bytes, place + ENTRY_HEADER_BYTES, now)
  }

  /** A copy of the newest version, in any lifecycle. Counts as a visit for eviction. */
  get(code: Code): LinkVersion | undefined {
    const ref = this.#find(code)
    if (ref === NONE) return undefined
    const { bytes } = this.#arena.chunkOf(ref)
    const place = this.#arena.placeOf(ref)
    markVisited(bytes, place)
    return { code, position: positionAt(bytes, place), record: recordAt(bytes, place) }
  }

  /**
   * Inserts the version, or replaces an older one of its code; a replacement counts as a visit.
   * `dirty` pins it until `markClean` names its position.
   * Asserts that the position is not below the one here.
   */
  set(version: LinkVersion, { dirty }: { dirty: boolean }): void {
    const flags = dirty ? ENTRY_FLAGS.dirty : 0
    const ref = this.#find(version.code)
    if (ref === NONE) this.#insert(version, flags)
    else this.#replace(ref, version, flags | ENTRY_FLAGS.visited)
    if (dirty) this.#dirty++
    this.#keepFit()
  }

  /** Inserts a clean version if its code is not here; returns whether it did. */
  setIfAbsent(version: LinkVersion): boolean {
    if (this.#find(version.code) !== NONE) return false
    this.#insert(version, 0)
    this.#keepFit()
    return true
  }

  /** Unpins the entry, if it still is the version of exactly this position. */
  markClean(code: Code, position: LogPosition): void {
    const ref = this.#findVersion(code, position)
    if (ref === NONE) return
    const { bytes } = this.#arena.chunkOf(ref)
    const place = this.#arena.placeOf(ref)
    if ((bytes[place]! & ENTRY_FLAGS.dirty) === 0) return
    bytes[place]! &= ~ENTRY_FLAGS.dirty
    this.#dirty--
  }

  /** Removes the entry, if it still is the version of exactly this position. Asserts it is clean. */
  remove(code: Code, position: LogPosition): void {
    const ref = this.#findVersion(code, position)
    if (ref === NONE) return
    const flags = this.#arena.chunkOf(ref).bytes[this.#arena.placeOf(ref)]!
    assert((flags & ENTRY_FLAGS.dirty) === 0, 'a dirty entry cannot be removed')
    this.#drop(ref)
  }

  /**
   * Evicts clean entries by SIEVE until `bytes` were freed, nothing clean is left, or
   * EVICT_SCAN_MAX entries were looked at. So a call may free less than asked for, even nothing;
   * the next one goes on where it stopped, and within two passes over the table every clean entry
   * that nobody asks for is gone. Until `dirty === size`, asking again makes progress.
   *
   * @param onCode is told of the code of each evicted entry
   */
  evict(bytes: number, onCode?: CodeReader): Evicted {
    let links = 0
    let freed = 0
    for (let i = 0; i < EVICT_SCAN_MAX && freed < bytes && this.#dirty < this.size; i++) {
      const ref = this.#sieve.pass()
      if (ref === NONE) continue
      if (onCode !== undefined) readCode(this.#arena.chunkOf(ref), this.#arena.placeOf(ref), onCode)
      freed += this.#drop(ref)
      links++
    }
    return { links, bytes: freed }
  }

  /** Every version here, oldest entry first. Asserts that the table does not change meanwhile. */
  *versions(): IterableIterator<LinkVersion> {
    const changes = this.#changes
    for (let chunk = this.#arena.oldest; chunk !== undefined; chunk = chunk.newer) {
      for (const { code, position, record } of versionsIn(chunk)) {
        yield { code, position, record }
        assert.equal(this.#changes, changes, 'the table changed while it was listed')
      }
    }
  }

  /**
   * Every version here when the scan began, a chunk per call of what is returned; undefined at the
   * end. The table may change meanwhile: a version may then come twice, and what is set after the
   * beginning need not come at all.
   */
  scan(): () => ScannedVersion[] | undefined {
    const next = chunkByChunk(this.#arena)
    return () => {
      const chunk = next()
      return chunk && [...versionsIn(chunk)]
    }
  }

  /** As `scan`, of codes alone and without copies: false at the end. Says nothing of evicted ones. */
  scanCodes(onCode: CodeReader): () => boolean {
    const next = chunkByChunk(this.#arena)
    return () => {
      const chunk = next()
      if (chunk !== undefined) for (const place of placesIn(chunk)) readCode(chunk, place, onCode)
      return chunk !== undefined
    }
  }

  #find(code: Code): number {
    return this.#index.find(this.#hash.ofCode(code), code)
  }

  #findVersion(code: Code, position: LogPosition): number {
    const ref = this.#find(code)
    if (ref === NONE) return NONE
    const here = positionAt(this.#arena.chunkOf(ref).bytes, this.#arena.placeOf(ref))
    return here === position ? ref : NONE
  }

  #insert(version: LinkVersion, flags: number): void {
    this.#index.add(this.#hash.ofCode(version.code), this.#arena.append(version, flags))
  }

  /**
   * A version of the same size is written over the old one: nothing else refers to these bytes
   * (all that was handed out are copies), and nobody runs in between. Any other is appended, since
   * entries must lie end to end.
   */
  #replace(ref: number, version: LinkVersion, flags: number): void {
    const { bytes } = this.#arena.chunkOf(ref)
    const place = this.#arena.placeOf(ref)
    assert(version.position >= positionAt(bytes, place), 'a version is older than the one here')
    if (bytes[place]! & ENTRY_FLAGS.dirty) this.#dirty--
    if (entryBytesFor(version.record) === entryBytes(bytes, place)) {
      writeEntry(bytes, place, version, flags)
      return
    }
    const appended = this.#arena.append(version, flags)
    this.#index.replace(this.#hash.ofCode(version.code), ref, appended)
    this.#free(ref)
  }

  #drop(ref: number): number {
    this.#index.remove(this.#arena.hashAt(ref), ref)
    const bytes = this.#free(ref)
    this.#keepFit()
    return bytes
  }

  #free(ref: number): number {
    const bytes = this.#arena.free(ref)
    this.#sieve.leaveDead()
    return bytes
  }

  #keepFit(): void {
    this.#changes++
    this.#index.step()
    this.#compactor.step()
  }
}

/** Writes only if it must: a cache line that is merely read can stay clean. */
function markVisited(bytes: Buffer, place: number): void {
  const flags = bytes[place]!
  if ((flags & ENTRY_FLAGS.visited) === 0) bytes[place] = flags | ENTRY_FLAGS.visited
}

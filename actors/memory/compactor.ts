/**
 * The compactor: gets back the bytes of dead entries, a little with each change of a link table.
 *
 * Used by the link table. It empties one chunk at a time, entry by entry and in order, into the
 * chunk just before it in age (if that has room) or into a new one put there, so that the arena's
 * order of age stays what it was; then it releases the emptied chunk.
 *
 * Guarantees: a step looks at no more than ENTRIES_PER_STEP entries; with a step per change, dead
 * bytes stay near DEAD_SHARE_MAX of the used ones at most, and less where they lie close together,
 * as behind the eviction hand; two neighbouring chunks that fit into one become one in passing.
 * Rejected: always taking the chunk with most dead bytes, which needs a heap of chunks and gains
 * little.
 */
import assert from 'node:assert/strict'
import type { Arena } from './arena.ts'
import type { Chunk } from './chunk.ts'
import type { Sieve } from './sieve.ts'
import type { SlotIndex } from './slot-index.ts'
import { ENTRY_FLAGS, entryBytes } from './table-entry.ts'

/** Above this share of dead bytes a chunk is worth emptying: 7 entries moved per dead one. */
const DEAD_SHARE_MAX = 1 / 8
/** Below this share of the whole, no chunk is looked for. */
const DEAD_SHARE_MIN = 1 / 32
/** Dead bytes that are never worth the work, as a share of the largest chunk. */
const DEAD_CHUNK_SHARE = 1 / 16
/** The chunk that takes new entries is worth closing only with this share of dead bytes. */
const DEAD_HEAD_SHARE = 1 / 2
const ENTRIES_PER_STEP = 32
const CHUNKS_PER_STEP = 8

export class Compactor {
  readonly #arena: Arena
  readonly #index: SlotIndex
  readonly #sieve: Sieve
  /** The chunk that is being emptied. Invariant: its entries before #place are dead. */
  #victim: Chunk | undefined
  #place = 0
  /** Where the victim's entries go: the chunk just before it. Has room for all of them. */
  #target: Chunk | undefined
  /** The chunk to consider next; none means the oldest. Invariant: not the victim. */
  #next: Chunk | undefined

  constructor(arena: Arena, index: SlotIndex, sieve: Sieve) {
    this.#arena = arena
    this.#index = index
    this.#sieve = sieve
  }

  /** A bounded piece of work, if there is any. Due after each change. */
  step(): void {
    if (this.#victim === undefined) {
      if (!this.#isDue()) return
      this.#choose()
    }
    const victim = this.#victim
    if (victim === undefined) return
    for (let i = 0; i < ENTRIES_PER_STEP && this.#place < victim.used; i++) this.#passEntry(victim)
    if (this.#place === victim.used) this.#finish(victim)
  }

  #isDue(): boolean {
    const { dead, used, chunkBytes } = this.#arena
    return dead > used * DEAD_SHARE_MIN + chunkBytes * DEAD_CHUNK_SHARE
  }

  /** Looks for a victim, going on where it stopped; finds none if the next few are not worth it. */
  #choose(): void {
    for (let i = 0; i < CHUNKS_PER_STEP; i++) {
      const chunk = this.#next ?? this.#arena.oldest
      if (chunk === undefined) return
      this.#next = chunk.newer
      if (this.#isWorthwhile(chunk)) return this.#begin(chunk)
      if (chunk.newer === undefined) return
    }
  }

  #isWorthwhile(chunk: Chunk): boolean {
    if (chunk === this.#arena.head) return chunk.dead > chunk.used * DEAD_HEAD_SHARE
    return chunk.dead > chunk.used * DEAD_SHARE_MAX || this.#fitsBefore(chunk)
  }

  #fitsBefore(chunk: Chunk): boolean {
    return chunk.older !== undefined && chunk.older.used + chunk.live <= this.#arena.chunkBytes
  }

  #begin(victim: Chunk): void {
    const arena = this.#arena
    if (victim === arena.head) arena.seal()
    this.#victim = victim
    this.#place = 0
    if (victim.live === 0) return
    if (!this.#fitsBefore(victim)) {
      this.#target = arena.insert(victim.live, victim)
      return
    }
    const target = (this.#target = victim.older!)
    const needed = target.used + victim.live
    if (needed > target.bytes.length) arena.resize(target, needed)
  }

  #passEntry(victim: Chunk): void {
    const { bytes } = victim
    const place = this.#place
    this.#place += entryBytes(bytes, place)
    if (bytes[place]! & ENTRY_FLAGS.dead) return
    const target = this.#target
    assert(target !== undefined)
    const ref = this.#arena.refOf(victim, place)
    const hash = this.#arena.hashAt(ref)
    const moved = this.#arena.move(ref, target)
    this.#index.replace(hash, ref, moved)
    this.#sieve.followMove(victim, place, target, this.#arena.placeOf(moved))
  }

  #finish(victim: Chunk): void {
    this.#arena.release(victim)
    this.#victim = undefined
    this.#target = undefined
  }
}

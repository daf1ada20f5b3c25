/**
 * SIEVE: which entry of a link table leaves when memory is short.
 *
 * Used by the link table. The queue is the arena's order of age; new entries join at its young end
 * and a hit only sets a bit. The hand walks from old to young, clears the bit of what was visited
 * and evicts what was not; at the young end it starts over with the oldest. Survivors keep their
 * places, so the hand soon meets what is new and never asked for again.
 *
 * Guarantees: a dirty entry is passed over; one visited since the hand's last pass stays.
 * Source: Zhang et al., "SIEVE is Simpler than LRU", NSDI '24. Rejected: LRU (a list of 8 B per
 * link, and a write with every read), sampled LRU (a clock per link, and more misses).
 */
import type { Arena } from './arena.ts'
import type { Chunk } from './chunk.ts'
import { NONE } from './slots.ts'
import { ENTRY_FLAGS, entryBytes } from './table-entry.ts'

export class Sieve {
  readonly #arena: Arena
  /** Where the hand is; no chunk means before the oldest. Invariant: #place < #chunk.used. */
  #chunk: Chunk | undefined
  #place = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Passes one entry; returns its reference if it is to be evicted, NONE if it stays. */
  pass(): number {
    const chunk = (this.#chunk ??= this.#arena.oldest)
    if (chunk === undefined) return NONE
    const place = this.#place
    const flags = chunk.bytes[place]!
    this.#goTo(chunk, place + entryBytes(chunk.bytes, place))
    if (flags & ENTRY_FLAGS.dead) return NONE
    chunk.bytes[place] = flags & ~ENTRY_FLAGS.visited
    if (flags & (ENTRY_FLAGS.visited | ENTRY_FLAGS.dirty)) return NONE
    return this.#arena.refOf(chunk, place)
  }

  /**
   * Told of an entry that the compactor moved to the chunk before: everything ahead of it in its
   * old chunk is dead by now, so if the hand was there, this entry was the next to pass.
   */
  followMove(chunk: Chunk, place: number, target: Chunk, targetPlace: number): void {
    if (this.#chunk !== chunk || this.#place > place) return
    this.#chunk = target
    this.#place = targetPlace
  }

  /** Told before a chunk is released. */
  leave(chunk: Chunk): void {
    if (this.#chunk === chunk) this.#goTo(chunk, chunk.used)
  }

  #goTo(chunk: Chunk | undefined, place: number): void {
    while (chunk !== undefined && place === chunk.used) {
      chunk = chunk.newer
      place = 0
    }
    this.#chunk = chunk
    this.#place = place
  }
}

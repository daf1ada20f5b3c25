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
  /**
   * The entry that the hand comes to next; no chunk stands for the oldest entry.
   * Invariant: that entry is live. So where dead bytes lie never shows in what is evicted.
   */
  #chunk: Chunk | undefined
  #place = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Passes one entry; returns its reference if it is to be evicted, NONE if it stays. */
  pass(): number {
    if (this.#chunk === undefined) this.#goTo(this.#arena.oldest, 0)
    const chunk = this.#chunk
    if (chunk === undefined) return NONE
    const place = this.#place
    const flags = chunk.bytes[place]!
    chunk.bytes[place] = flags & ~ENTRY_FLAGS.visited
    this.#goTo(chunk, place + entryBytes(chunk.bytes, place))
    const stays = (flags & (ENTRY_FLAGS.visited | ENTRY_FLAGS.dirty)) !== 0
    return stays ? NONE : this.#arena.refOf(chunk, place)
  }

  /** Told after an entry died. */
  leaveDead(): void {
    this.#goTo(this.#chunk, this.#place)
  }

  /** Told of each entry that moved, with its order of age unchanged. */
  followMove(chunk: Chunk, place: number, target: Chunk, targetPlace: number): void {
    if (this.#chunk !== chunk || this.#place !== place) return
    this.#chunk = target
    this.#place = targetPlace
  }

  /** To the first live entry from here on; back to the oldest if there is none. */
  #goTo(chunk: Chunk | undefined, place: number): void {
    while (chunk !== undefined) {
      if (chunk.live === 0 || place === chunk.used) {
        chunk = chunk.newer
        place = 0
      } else if (chunk.bytes[place]! & ENTRY_FLAGS.dead) {
        place += entryBytes(chunk.bytes, place)
      } else break
    }
    this.#chunk = chunk
    this.#place = place
  }
}

/**
 * One piece of an arena: entries end to end in one buffer outside the V8 heap.
 *
 * Used by the arena, which alone makes and releases chunks, and by those who walk them in order of
 * age: the compactor, the eviction hand, a listing. A plain record of state, not an actor of its
 * own; its fields are open because the hot path reads them.
 */

export class Chunk {
  /** The upper bits of the references into it, from birth to release. */
  readonly id: number
  /** Replaced by a longer or shorter copy when the chunk grows; places in it do not change. */
  bytes: Buffer
  /** Where the next entry goes. Invariant: entries lie end to end from 0 to `used`. */
  used = 0
  /** Bytes of the dead entries. Invariant: 0 <= dead <= used. */
  dead = 0
  /** Neighbours in order of age: each entry of `older` was first set before any entry here. */
  older: Chunk | undefined = undefined
  newer: Chunk | undefined = undefined

  constructor(id: number, bytes: number) {
    this.id = id
    this.bytes = Buffer.allocUnsafeSlow(bytes)
  }

  get live(): number {
    return this.used - this.dead
  }
}

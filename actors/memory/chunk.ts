/**
 * One piece of an arena: entries end to end in one buffer outside the V8 heap.
 *
 * Used by the arena, which alone makes and releases chunks, and by those who walk them in order of
 * age: the compactor, the eviction hand, a listing. A plain record of state, not an actor of its
 * own; its fields are open because the hot path reads them.
 *
 * Memory goes back at once: `transfer` takes the bytes away from the old buffer object, where the
 * garbage collector would give them back some hundred megabytes later. A reference to old bytes
 * that somebody kept is then empty, not wrong.
 */
import assert from 'node:assert/strict'

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

  /** Makes the buffer this long; what was written stays. */
  resize(bytes: number): void {
    this.bytes = Buffer.from(ownBuffer(this.bytes).transfer(bytes))
  }

  free(): void {
    this.resize(0)
  }
}

function ownBuffer(bytes: Buffer): ArrayBuffer {
  assert(bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length)
  return bytes.buffer
}

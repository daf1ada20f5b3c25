/**
 * Bytes of a stream, taken in the lengths that their reader wants.
 *
 * Holds what it was given and nobody has taken: a chunk of the stream at most, beside what is asked for.
 */
export class ByteQueue {
  /** How many were taken since the beginning. */
  taken = 0
  readonly #source: AsyncIterator<Uint8Array>
  #held: Uint8Array[] = []
  #heldBytes = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** undefined: there are not so many left. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#heldBytes < length) {
      const next = await this.#source.next()
      if (next.done === true) return undefined
      this.#held.push(next.value)
      this.#heldBytes += next.value.length
    }
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    const bytes = Buffer.from(all.buffer, all.byteOffset, length)
    this.#held = [all.subarray(length)]
    this.#heldBytes -= length
    this.taken += length
    return bytes
  }
}

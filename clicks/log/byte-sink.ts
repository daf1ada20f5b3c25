/**
 * Bytes that are written one value after the other, in a buffer that grows.
 *
 * Used by the writer of click batches.
 */

const BYTES_AT_FIRST = 1024
/** A longer one is not kept for what comes next. The body of a batch of many clicks is shorter. */
const BYTES_KEPT_MAX = 256 * 1024
const NUMBER_BYTES_MAX = 8
/** A character of JavaScript takes at most so many bytes in UTF-8. */
const BYTES_PER_CHARACTER_MAX = 3
/** Up to here a text of ASCII is written character by character: a call out of JavaScript costs more. */
const SHORT_LENGTH_MAX = 32
/** From here on a byte is none of ASCII, and a number takes more than one byte. */
const ASCII_END = 128
/** Up to here bit operations work. */
const INT_MAX = 2 ** 31

export class ByteSink {
  #bytes = Buffer.allocUnsafe(BYTES_AT_FIRST)
  #length = 0

  get length(): number {
    return this.#length
  }

  clear(): void {
    this.#length = 0
    if (this.#bytes.length > BYTES_KEPT_MAX) this.#bytes = Buffer.allocUnsafe(BYTES_AT_FIRST)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** A whole number from 0 to 2^53 - 1, as LEB128. */
  number(value: number): void {
    this.#reserve(NUMBER_BYTES_MAX)
    const bytes = this.#bytes
    let at = this.#length
    if (value < ASCII_END) {
      bytes[at] = value
      this.#length = at + 1
      return
    }
    let rest = value
    while (rest >= INT_MAX) {
      bytes[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    bytes[at++] = rest
    this.#length = at
  }

  /** Its length in bytes, and UTF-8. */
  text(value: string): void {
    const { length } = value
    if (length > SHORT_LENGTH_MAX) return this.#longText(value)
    this.#reserve(1 + length)
    const bytes = this.#bytes
    const start = this.#length + 1
    for (let at = 0; at < length; at++) {
      const character = value.charCodeAt(at)
      if (character >= ASCII_END) return this.#longText(value)
      bytes[start + at] = character
    }
    bytes[start - 1] = length
    this.#length = start + length
  }

  #longText(value: string): void {
    this.number(Buffer.byteLength(value))
    this.#reserve(value.length * BYTES_PER_CHARACTER_MAX)
    this.#length += this.#bytes.write(value, this.#length)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32BE(value, this.#length)
  }

  append({ bytes }: ByteSink): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** What was written so far; valid until more is. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.bytes)
    this.#bytes = larger
  }
}

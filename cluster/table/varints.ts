/**
 * Whole numbers in as few bytes as they need: seven bits in each, the lowest first.
 *
 * Used by the packed form of the table (`table-text.ts`). What is read may be anybody's bytes.
 */
import { must } from '../stored-value.ts'

const BITS = 7
const MORE = 2 ** BITS
/** Seven bytes have 49 bits, which is what an epoch has at most and a number holds exactly. */
const BYTES_MAX = 7

export function varintsOf(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (let left of numbers) {
    for (; left >= MORE; left = Math.floor(left / MORE)) bytes.push((left % MORE) + MORE)
    bytes.push(left)
  }
  return Uint8Array.from(bytes)
}

export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** @throws Malformed */
  varint(): number {
    let number = 0
    for (let count = 0, unit = 1; ; count++, unit *= MORE) {
      const byte = this.#bytes[this.#at++]
      must(byte !== undefined && count < BYTES_MAX, 'its numbers are cut off')
      number += (byte % MORE) * unit
      if (byte < MORE) return number
    }
  }
}

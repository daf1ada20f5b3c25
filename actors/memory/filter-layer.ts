/**
 * A split-block Bloom filter of a fixed size: one layer of a code filter.
 *
 * Used by `code-filter.ts`. A code sets one bit in each of the eight words of one block of 32 bytes,
 * so that a question reads one line of the processor's cache. Guarantees: what was added is there
 * for ever. What was not is mistaken for it at a share that follows from the bits per code.
 *
 * Sources: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters"; the salts are
 * those of Apache Parquet's filter. Rejected: bits anywhere in the filter, which waits for memory
 * eight times to save a tenth of the bytes.
 */
import assert from 'node:assert/strict'

const BLOCK_WORDS = 8
const BLOCK_BITS = 256
const SALTS = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
)

export class FilterLayer {
  /** Codes for which its error is meant. */
  readonly codesMax: number
  readonly #words: Uint32Array
  readonly #scale: number

  constructor(codesMax: number, bitsPerCode: number) {
    assert(codesMax > 0)
    const blocks = Math.ceil((codesMax * bitsPerCode) / BLOCK_BITS)
    this.codesMax = codesMax
    this.#words = new Uint32Array(blocks * BLOCK_WORDS)
    this.#scale = blocks / 2 ** 32
  }

  get bytes(): number {
    return this.#words.byteLength
  }

  /** @param place decides the block, @param pattern the bits in it: unsigned 32 bits each */
  add(place: number, pattern: number): void {
    const at = this.#blockOf(place)
    for (let i = 0; i < BLOCK_WORDS; i++) this.#words[at + i]! |= bitOf(pattern, i)
  }

  has(place: number, pattern: number): boolean {
    const at = this.#blockOf(place)
    for (let i = 0; i < BLOCK_WORDS; i++) {
      if ((this.#words[at + i]! & bitOf(pattern, i)) === 0) return false
    }
    return true
  }

  #blockOf(place: number): number {
    return Math.floor(place * this.#scale) * BLOCK_WORDS
  }
}

function bitOf(pattern: number, word: number): number {
  return 1 << (Math.imul(pattern, SALTS[word]!) >>> 27)
}

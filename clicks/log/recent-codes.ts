/**
 * Codes of a batch, with their places: those met lately are found again, others are written again.
 *
 * Used by the writer of batches, for each click. A table of slots, one code each, by the code's last
 * characters: a Map costs three times as much for codes that are seldom met twice, and a code that is
 * in the batch twice costs its bytes, nothing else.
 */
import type { Code } from '../../links/ids.ts'
import { ByteSink } from './byte-sink.ts'

/** A power of two. */
const SLOTS = 1024

export class RecentCodes {
  readonly sink = new ByteSink()
  readonly #codes = Array.from({ length: SLOTS }, () => '')
  readonly #places = new Int32Array(SLOTS)
  /** Rises over all batches. */
  #count = 1
  /** Slots hold places of this batch from here on, of an earlier one below; an empty one holds 0. */
  #first = 1

  /** How many are written. */
  get count(): number {
    return this.#count - this.#first
  }

  place(code: Code): number {
    const slot = slotOf(code)
    const known = this.#places[slot]! - this.#first
    if (known >= 0 && this.#codes[slot] === code) return known
    this.#codes[slot] = code
    this.#places[slot] = this.#count
    this.sink.text(code)
    return this.#count++ - this.#first
  }

  clear(): void {
    this.sink.clear()
    this.#first = this.#count
    if (this.#count < 2 ** 30) return
    this.#places.fill(0)
    this.#first = this.#count = 1
  }
}

function slotOf(code: string): number {
  const end = code.length
  const a = code.charCodeAt(end - 1)
  const b = code.charCodeAt(end - 2)
  const c = code.charCodeAt(end - 3)
  return (a ^ (b << 3) ^ (c << 5)) & (SLOTS - 1)
}

/**
 * Ranges of addresses in order, each with a number: found by halving.
 *
 * Used by the network table, one for IPv4 and one for IPv6, with addresses as `ip-address.ts` numbers them.
 * Kept in typed arrays, which the garbage collector does not walk: 12 bytes a range of IPv4, 20 of IPv6.
 */
export class AddressRanges {
  readonly #version: 4 | 6
  /** Invariant: starts rise strictly, and no range ends before it starts; up to #size. */
  #starts: Uint32Array | Float64Array
  #ends: Uint32Array | Float64Array
  #values: Uint32Array
  #size = 0

  /** @param room ranges to make room for at first */
  constructor(version: 4 | 6, room: number) {
    this.#version = version
    this.#starts = this.#numbers(room)
    this.#ends = this.#numbers(room)
    this.#values = new Uint32Array(room)
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#starts.byteLength + this.#ends.byteLength + this.#values.byteLength
  }

  /**
   * Adds a range behind all others. One that starts with the same number as the last replaces it: of
   * ranges that are finer than the numbers the last counts.
   *
   * @returns false if it starts before the last one, or ends before it starts
   */
  add(start: number, end: number, value: number): boolean {
    const last = this.#size === 0 ? -1 : this.#starts[this.#size - 1]!
    if (!(start >= last && end >= start)) return false
    if (start > last) this.#size++
    if (this.#size > this.#values.length) this.#resize(2 * this.#size)
    const place = this.#size - 1
    this.#starts[place] = start
    this.#ends[place] = end
    this.#values[place] = value
    return true
  }

  /** Gives back the room that was not needed. */
  shrink(): void {
    this.#resize(this.#size)
  }

  /** The number of the range that an address lies in. */
  find(address: number): number | undefined {
    let from = 0
    let to = this.#size
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#starts[middle]! > address) to = middle
      else from = middle + 1
    }
    return from > 0 && this.#ends[from - 1]! >= address ? this.#values[from - 1] : undefined
  }

  #resize(room: number): void {
    const old = { starts: this.#starts, ends: this.#ends, values: this.#values }
    this.#starts = this.#numbers(room)
    this.#ends = this.#numbers(room)
    this.#values = new Uint32Array(room)
    this.#starts.set(old.starts.subarray(0, this.#size))
    this.#ends.set(old.ends.subarray(0, this.#size))
    this.#values.set(old.values.subarray(0, this.#size))
  }

  #numbers(room: number): Uint32Array | Float64Array {
    return this.#version === 4 ? new Uint32Array(room) : new Float64Array(room)
  }
}

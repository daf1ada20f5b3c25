/**
 * One open-addressing array of slots: from a hash to references.
 *
 * Used by the slot index, which replaces it by another when it fills up. A slot has a tag of 8 bits
 * of the hash and a reference; the tag spares nearly every look at an entry that is another one.
 * Slots are probed one after the other, so that a search reads neighbouring bytes.
 *
 * A hash becomes a slot by multiplication, not by a mask, so the capacity can be any number and
 * grow by a quarter. The hash is mixed first: within a partition its upper bits are all the same.
 * A removed slot is marked, not emptied, unless it ends its run: shifting the others back would
 * need their hashes, hence a look at each.
 *
 * Sources: Knuth, TAOCP 6.4, algorithm L; Lemire, "Fast random integer generation in an interval".
 */
import assert from 'node:assert/strict'
import type { Code } from '../cluster/ids.ts'

/** What the references refer to. */
export interface Keys {
  hasCode(ref: number, code: Code): boolean
  hashAt(ref: number): number
}

export const NONE = -1
export const SLOT_BYTES = 5

const EMPTY = 0
const REMOVED = 1
const TAG_MIN = 2
/** 2^32 divided by the golden ratio, odd. */
const MIX = 0x9e3779b1

export class Slots {
  readonly capacity: number
  /** Slots that are not EMPTY. Invariant: below capacity, so that every search ends. */
  #occupied = 0
  readonly #tags: Uint8Array<ArrayBuffer>
  readonly #refs: Uint32Array<ArrayBuffer>
  readonly #scale: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.#tags = new Uint8Array(capacity)
    this.#refs = new Uint32Array(capacity)
    this.#scale = capacity / 2 ** 32
  }

  get occupied(): number {
    return this.#occupied
  }

  /** The reference to the entry of this code, or NONE. */
  find(hash: number, code: Code, keys: Keys): number {
    const tags = this.#tags
    const tag = tagOf(hash)
    for (let slot = this.#slotOf(hash); tags[slot] !== EMPTY; slot = this.#after(slot)) {
      if (tags[slot] === tag && keys.hasCode(this.#refs[slot]!, code)) return this.#refs[slot]!
    }
    return NONE
  }

  /** Adds a reference that is not here. */
  add(hash: number, ref: number): void {
    let slot = this.#slotOf(hash)
    while (this.#tags[slot]! >= TAG_MIN) slot = this.#after(slot)
    if (this.#tags[slot] === EMPTY) {
      this.#occupied++
      assert(this.#occupied < this.capacity)
    }
    this.#tags[slot] = tagOf(hash)
    this.#refs[slot] = ref
  }

  /** Puts another reference in the place of one, if it is here. */
  replace(hash: number, ref: number, by: number): boolean {
    const slot = this.#find(hash, ref)
    if (slot !== NONE) this.#refs[slot] = by
    return slot !== NONE
  }

  remove(hash: number, ref: number): boolean {
    const slot = this.#find(hash, ref)
    if (slot !== NONE) this.#clear(slot)
    return slot !== NONE
  }

  /** Removes and returns the reference in a slot; NONE if there is none. */
  takeAt(slot: number): number {
    if (this.#tags[slot]! < TAG_MIN) return NONE
    this.#tags[slot] = REMOVED
    return this.#refs[slot]!
  }

  /** Gives the memory back now, not with the next collection of garbage. Holds nothing after it. */
  free(): void {
    this.#tags.buffer.transfer(0)
    this.#refs.buffer.transfer(0)
  }

  #find(hash: number, ref: number): number {
    for (let slot = this.#slotOf(hash); this.#tags[slot] !== EMPTY; slot = this.#after(slot)) {
      if (this.#refs[slot] === ref && this.#tags[slot]! >= TAG_MIN) return slot
    }
    return NONE
  }

  #clear(slot: number): void {
    this.#tags[slot] = REMOVED
    if (this.#tags[this.#after(slot)] !== EMPTY) return
    while (this.#tags[slot] === REMOVED) {
      this.#tags[slot] = EMPTY
      this.#occupied--
      slot = slot === 0 ? this.capacity - 1 : slot - 1
    }
  }

  #slotOf(hash: number): number {
    return ((Math.imul(hash, MIX) >>> 0) * this.#scale) >>> 0
  }

  #after(slot: number): number {
    return slot + 1 === this.capacity ? 0 : slot + 1
  }
}

function tagOf(hash: number): number {
  const tag = hash & 0xff
  return tag < TAG_MIN ? tag + TAG_MIN : tag
}

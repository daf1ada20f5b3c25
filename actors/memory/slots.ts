/**
 * One open-addressing array of slots: from a hash to references.
 *
 * Used by the slot index, which replaces it by another when it fills up. A slot has a tag of 8 bits
 * of the hash and a reference; the tag spares nearly every look at an entry that is another one.
 * Slots are probed one after the other and each has its tag beside its reference, so that a search
 * reads neighbouring bytes: in a large table the first look at a slot waits for memory longer than
 * all the rest takes. Rejected: an array of tags and one of references, which waits twice.
 *
 * A hash becomes a slot by multiplication, not by a mask, so the capacity can be any number and
 * grow by a quarter. The hash is mixed first: within a partition its upper bits are all the same.
 * A removed slot is marked, not emptied, unless it ends its run: shifting the others back would
 * need their hashes, hence a look at each.
 *
 * Sources: Knuth, TAOCP 6.4, algorithm L; Lemire, "Fast random integer generation in an interval".
 */
import assert from 'node:assert/strict'
import type { Code } from '../../links/ids.ts'

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
  /** Per slot the tag, then the reference, little-endian. A slot is named by where it begins. */
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #scale: number

  constructor(capacity: number) {
    this.capacity = capacity
    this.#bytes = new Uint8Array(capacity * SLOT_BYTES)
    this.#scale = capacity / 2 ** 32
  }

  get occupied(): number {
    return this.#occupied
  }

  /** The reference to the entry of this code, or NONE. */
  find(hash: number, code: Code, keys: Keys): number {
    const bytes = this.#bytes
    const tag = tagOf(hash)
    for (let at = this.#slotOf(hash); bytes[at] !== EMPTY; at = this.#after(at)) {
      if (bytes[at] !== tag) continue
      const ref = refAt(bytes, at)
      if (keys.hasCode(ref, code)) return ref
    }
    return NONE
  }

  /** Adds a reference that is not here. */
  add(hash: number, ref: number): void {
    const bytes = this.#bytes
    let at = this.#slotOf(hash)
    while (bytes[at]! >= TAG_MIN) at = this.#after(at)
    if (bytes[at] === EMPTY) {
      this.#occupied++
      assert(this.#occupied < this.capacity)
    }
    bytes[at] = tagOf(hash)
    setRefAt(bytes, at, ref)
  }

  /** Puts another reference in the place of one, if it is here. */
  replace(hash: number, ref: number, by: number): boolean {
    const at = this.#find(hash, ref)
    if (at !== NONE) setRefAt(this.#bytes, at, by)
    return at !== NONE
  }

  remove(hash: number, ref: number): boolean {
    const at = this.#find(hash, ref)
    if (at !== NONE) this.#clear(at)
    return at !== NONE
  }

  /** Removes and returns the reference in the slot of this number; NONE if there is none. */
  takeAt(slot: number): number {
    const bytes = this.#bytes
    const at = slot * SLOT_BYTES
    if (bytes[at]! < TAG_MIN) return NONE
    bytes[at] = REMOVED
    return refAt(bytes, at)
  }

  /** Gives the memory back now, not with the next collection of garbage. Holds nothing after it. */
  free(): void {
    this.#bytes.buffer.transfer(0)
  }

  #find(hash: number, ref: number): number {
    const bytes = this.#bytes
    const tag = tagOf(hash)
    for (let at = this.#slotOf(hash); bytes[at] !== EMPTY; at = this.#after(at)) {
      if (bytes[at] === tag && refAt(bytes, at) === ref) return at
    }
    return NONE
  }

  #clear(at: number): void {
    const bytes = this.#bytes
    bytes[at] = REMOVED
    if (bytes[this.#after(at)] !== EMPTY) return
    while (bytes[at] === REMOVED) {
      bytes[at] = EMPTY
      this.#occupied--
      at = (at === 0 ? bytes.length : at) - SLOT_BYTES
    }
  }

  #slotOf(hash: number): number {
    return (((Math.imul(hash, MIX) >>> 0) * this.#scale) >>> 0) * SLOT_BYTES
  }

  #after(at: number): number {
    const next = at + SLOT_BYTES
    return next === this.#bytes.length ? 0 : next
  }
}

function refAt(bytes: Uint8Array, at: number): number {
  const high = (bytes[at + 4]! << 24) | (bytes[at + 3]! << 16)
  return (high | (bytes[at + 2]! << 8) | bytes[at + 1]!) >>> 0
}

function setRefAt(bytes: Uint8Array, at: number, ref: number): void {
  bytes[at + 1] = ref
  bytes[at + 2] = ref >>> 8
  bytes[at + 3] = ref >>> 16
  bytes[at + 4] = ref >>> 24
}

function tagOf(hash: number): number {
  const tag = hash & 0xff
  return tag < TAG_MIN ? tag + TAG_MIN : tag
}

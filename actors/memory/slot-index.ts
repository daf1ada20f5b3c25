/**
 * The index of a link table: finds the reference of a code, and grows without a pause.
 *
 * Used by the link table. When the slots are full, or mostly empty, or full of removed ones, a new
 * array of the right size takes over and each `step` moves a few references to it; until the old
 * one is empty a search looks into both. Guarantees: a reference is in exactly one of the two; a
 * move ends before the new array can fill up (a step per addition: see SLOTS_PER_STEP); a growing
 * index has 1.25 to 1.85 slots per link, and 1.25 more during a move. Only codes of equal hashes
 * make a search long. Taking and returning the arrays themselves is one call to the system each:
 * measured, under 0.2 ms for 200,000 links, about 10 ms for 18 million.
 * Rejected: doubling (more than half of the slots empty at worst), growing by a quarter (a link is
 * moved five times until the table is full instead of twice, to save 1 B), keeping the whole hash
 * in the slot (moves need no look at the entries, but every link takes 5 B more).
 */
import assert from 'node:assert/strict'
import type { Code } from '../../links/ids.ts'
import { type Keys, NONE, SLOT_BYTES, Slots } from './slots.ts'

/** Above this share of slots not empty, a larger array takes over. */
const LOAD_MAX = 0.8
/** The share of slots in use with which a new array begins. */
const LOAD_START = 0.54
/** Below this share of slots in use, a smaller array takes over. */
const LOAD_MIN = 0.3
const CAPACITY_MIN = 16
/**
 * With n links, a new array can take 0.48 n more before it passes LOAD_MAX, and the old one has at
 * most n / LOAD_MIN slots: at 8 per addition they are moved within 0.42 n additions.
 */
const SLOTS_PER_STEP = 8

export class SlotIndex {
  readonly #keys: Keys
  #size = 0
  #slots = new Slots(CAPACITY_MIN)
  /** The array that is being emptied. Invariant: its slots before #moved hold nothing. */
  #old: Slots | undefined
  #moved = 0

  constructor(keys: Keys) {
    this.#keys = keys
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return (this.#slots.capacity + (this.#old?.capacity ?? 0)) * SLOT_BYTES
  }

  /** The reference to the entry of this code, or NONE. */
  find(hash: number, code: Code): number {
    const ref = this.#slots.find(hash, code, this.#keys)
    if (ref !== NONE || this.#old === undefined) return ref
    return this.#old.find(hash, code, this.#keys)
  }

  /** Adds the reference of a code that is not here. */
  add(hash: number, ref: number): void {
    this.#slots.add(hash, ref)
    this.#size++
  }

  replace(hash: number, ref: number, by: number): void {
    const isDone = this.#slots.replace(hash, ref, by) || this.#old?.replace(hash, ref, by)
    assert(isDone, 'the index lacks a reference')
  }

  remove(hash: number, ref: number): void {
    const isDone = this.#slots.remove(hash, ref) || this.#old?.remove(hash, ref)
    assert(isDone, 'the index lacks a reference')
    this.#size--
  }

  /** A bounded piece of the work that keeps the index at its size. Due after each change. */
  step(): void {
    if (this.#old === undefined && !this.#isUnfit()) return
    const old = (this.#old ??= this.#takeOver())
    const end = Math.min(this.#moved + SLOTS_PER_STEP, old.capacity)
    for (; this.#moved < end; this.#moved++) {
      const ref = old.takeAt(this.#moved)
      if (ref !== NONE) this.#slots.add(this.#keys.hashAt(ref), ref)
    }
    if (end < old.capacity) return
    this.#old = undefined
    old.free()
  }

  #isUnfit(): boolean {
    const { capacity, occupied } = this.#slots
    if (occupied > capacity * LOAD_MAX) return true
    return capacity > CAPACITY_MIN && this.#size < capacity * LOAD_MIN
  }

  #takeOver(): Slots {
    const old = this.#slots
    this.#slots = new Slots(Math.max(CAPACITY_MIN, Math.ceil(this.#size / LOAD_START)))
    this.#moved = 0
    return old
  }
}

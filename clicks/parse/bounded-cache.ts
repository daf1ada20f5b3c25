/**
 * A cache of what was made of a text, with room for a fixed number of texts.
 *
 * Used by the click parser, whose texts come from outside: a million different ones take no more memory
 * than twice `entriesMax`. It forgets by generations: what is asked for lies in the younger of two maps,
 * or moves there; when that is full it becomes the older one, and what nobody asked for since is gone.
 * Rejected: a list of the least recently used, which costs links between entries at each look-up.
 */
import assert from 'node:assert/strict'

/** Text without such takes one byte a character. */
const BEYOND_LATIN1 = /[^\0-\u00FF]/

export interface BoundedCacheOptions<V> {
  /** Entries of a generation; there are two. */
  readonly entriesMax: number
  /** Longer texts are made anew each time, in characters. */
  readonly keyCharsMax: number
  readonly make: (key: string) => V
}

export class BoundedCache<V extends object> {
  readonly #entriesMax: number
  readonly #keyCharsMax: number
  readonly #make: (key: string) => V
  /** Invariant: neither has more than entriesMax entries. */
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  constructor({ entriesMax, keyCharsMax, make }: BoundedCacheOptions<V>) {
    assert(entriesMax > 0 && keyCharsMax > 0)
    this.#entriesMax = entriesMax
    this.#keyCharsMax = keyCharsMax
    this.#make = make
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): V {
    if (key.length > this.#keyCharsMax) return this.#make(key)
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const own = copyOf(key)
    const value = this.#old.get(key) ?? this.#make(own)
    this.#keep(own, value)
    return value
  }

  #keep(key: string, value: V): void {
    if (this.#young.size >= this.#entriesMax) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}

/**
 * The same text in memory of its own. A part of a string keeps the whole of it alive, so that a cached
 * agent would hold the batch that it came in.
 */
function copyOf(text: string): string {
  const encoding = BEYOND_LATIN1.test(text) ? 'utf16le' : 'latin1'
  return Buffer.from(text, encoding).toString(encoding)
}

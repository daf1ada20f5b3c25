/**
 * A map that forgets what was not used lately, within a bound.
 *
 * Used by the recorder for heads and addresses that repeat. Two generations: when the newer one is
 * full, the older one is forgotten. So a look-up costs one or two of a Map, and keeping order none;
 * what is used once per generation stays. Rejected: an exact order of use, which costs two writes per
 * look-up and remembers no more of what matters.
 */
export class RecentMap<K, V> {
  readonly #weightMax: number
  readonly #weigh: (key: K) => number
  #newer = new Map<K, V>()
  #older = new Map<K, V>()
  /** Of the newer generation. Invariant: at most #weightMax, but for one key. */
  #weight = 0

  /** @param weightMax of half of it; `weigh` says what a key adds */
  constructor(weightMax: number, weigh: (key: K) => number) {
    this.#weightMax = weightMax
    this.#weigh = weigh
  }

  get size(): number {
    return this.#newer.size + this.#older.size
  }

  get(key: K): V | undefined {
    const newer = this.#newer.get(key)
    if (newer !== undefined) return newer
    const older = this.#older.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: K, value: V): void {
    this.#weight += this.#weigh(key)
    if (this.#weight > this.#weightMax) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#weight = this.#weigh(key)
    }
    this.#newer.set(key, value)
  }
}

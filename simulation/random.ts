/**
 * Random numbers that are the same for the same seed.
 *
 * Used by everything in this folder. Each part of a simulation draws from a stream of its own
 * (`fork`), so that one draw more in one part does not change all others. The generator is
 * mulberry32 (public domain, Tommy Ettinger): 32 bits of state are plenty for schedules.
 */
import assert from 'node:assert/strict'

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 0
  }

  /** From 0 to below 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `min` to `max`, both inclusive. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** From `min` to below `max`. */
  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(choices: readonly T[]): T {
    assert(choices.length > 0)
    return choices[this.int(0, choices.length - 1)]!
  }

  /** One of the names, each as likely as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    return entries.at(-1)![0]
  }

  /** A stream of its own, which depends on this one's next number. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32))
  }
}

/**
 * Counts what an address may do a limited number of times per minute.
 *
 * Used for creates without a key, for wrong keys and for wrong passwords. A fixed window per address: at most `max` per
 * minute, up to twice that around the turn of a window. Bounded in memory: the address whose window
 * began first is forgotten when there are too many. IPv6 addresses count by their /64, which is
 * what one subscriber has.
 *
 * Rejected: @fastify/rate-limit, which reads the wall clock itself (its tests must wait), costs a
 * promise per request, and cannot count wrong keys without counting right ones.
 */
import { isIPv6 } from 'node:net'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'

const WINDOW_MS = 60_000

export interface RateLimitOptions {
  /** Per address and minute. */
  readonly max: number
  readonly addressesMax: number
  readonly now: () => EpochMs
}

interface Window {
  readonly startedAt: number
  count: number
}

export class RateLimit {
  readonly max: number
  readonly #addressesMax: number
  readonly #now: () => EpochMs
  /** In the order in which windows began. Invariant: at most #addressesMax entries. */
  readonly #windows = new Map<string, Window>()

  constructor({ max, addressesMax, now }: RateLimitOptions) {
    this.max = max
    this.#addressesMax = addressesMax
    this.#now = now
  }

  /** Counts one; false: it is one too many. */
  take(address: string): boolean {
    const window = this.#current(address) ?? this.#begin(address)
    window.count++
    return window.count <= this.max
  }

  /** What was counted last does not count after all. */
  giveBack(address: string): void {
    const window = this.#current(address)
    if (window !== undefined && window.count > 0) window.count--
  }

  /** Whether one more would be too many. */
  isExceeded(address: string): boolean {
    if (this.#windows.size === 0) return false
    return this.remaining(address) === 0
  }

  remaining(address: string): number {
    return Math.max(0, this.max - (this.#current(address)?.count ?? 0))
  }

  /** Whole seconds until the address may start anew. */
  secondsLeft(address: string): number {
    const window = this.#current(address)
    if (window === undefined) return 0
    return Math.ceil((window.startedAt + WINDOW_MS - this.#now()) / 1000)
  }

  error(address: string): TinygridError {
    const retryAfterSeconds = Math.max(1, this.secondsLeft(address))
    const detail = `At most ${this.max} a minute; try again in ${retryAfterSeconds} s`
    return new TinygridError('rate_limited', { detail, retryAfterSeconds })
  }

  /** A clock that stepped back ends the window rather than stretch it. */
  #current(address: string): Window | undefined {
    const window = this.#windows.get(subscriberOf(address))
    if (window === undefined) return undefined
    const age = this.#now() - window.startedAt
    return age >= 0 && age < WINDOW_MS ? window : undefined
  }

  #begin(address: string): Window {
    const key = subscriberOf(address)
    this.#windows.delete(key)
    if (this.#windows.size >= this.#addressesMax) {
      const [oldest] = this.#windows.keys()
      this.#windows.delete(oldest!)
    }
    const window = { startedAt: this.#now(), count: 0 }
    this.#windows.set(key, window)
    return window
  }
}

/** The address by which a subscriber is known: IPv4 as it is, IPv6 without its lower 64 bits. */
export function subscriberOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%', 1)[0]!.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

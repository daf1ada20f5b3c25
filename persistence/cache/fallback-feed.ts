/**
 * Feeds the fallback cache: brings acknowledged versions to it, right behind the answer.
 *
 * Used by a node for the partitions it owns. Gathers the newest version of each link and sends what
 * waits on the next turn of the event loop, one batch at a time. While the cache is away, versions
 * wait up to a bound; what was missed beyond it can never be told again, so the cache is then cleared
 * when it is back, before it gets anything else. Nobody waits for the feed, and it never fails: what
 * it cannot do shows in its status.
 *
 * A batch whose fate is unknown is sent again: the cache keeps the newer version whatever the order.
 * What a killed node has not sent is missed until its time to live ends the older version.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code } from '../../links/ids.ts'
import { systemClock, type Clock } from '../../links/clock.ts'
import { BackOff } from '../back-off.ts'
import type { FallbackCache } from './fallback-cache.ts'

export interface FallbackFeedOptions {
  readonly cache: Pick<FallbackCache, 'put' | 'clear'>
  readonly queuedLinksMax?: number
  /** Record bytes. */
  readonly queuedBytesMax?: number
  readonly clock?: Clock
  /** From 0 to below 1. */
  readonly random?: () => number
}

export interface FallbackFeedStatus {
  /** Versions that wait or are on their way. */
  readonly queued: number
  readonly sent: number
  /** Versions that the cache never got, for want of room. */
  readonly dropped: number
  /** How often the cache was cleared because of that. */
  readonly clears: number
  /** Whether the last attempt went well. */
  readonly isReachable: boolean
}

/** Versions in one put. */
const SEND_LINKS_MAX = 1000

const DEFAULTS = {
  queuedLinksMax: 100_000,
  queuedBytesMax: 32 * 2 ** 20,
  clock: systemClock,
  random: Math.random,
}

export class FallbackFeed {
  readonly #options: Required<FallbackFeedOptions>
  readonly #backOff: BackOff
  /** The newest version of each link that waits. */
  readonly #waiting = new Map<Code, LinkVersion>()
  /** Invariant: record bytes of #waiting. */
  #waitingBytes = 0
  /** On its way. */
  #batch: readonly LinkVersion[] = []
  /** Versions were dropped since the last clear began: nothing is put before the next one. */
  #hasMissed = false
  #isSending = false
  #cancelTimer: (() => void) | undefined
  #whenIdle: (() => void) | undefined
  #isClosed = false
  readonly #counters = { sent: 0, dropped: 0, clears: 0, isReachable: true }

  constructor(options: FallbackFeedOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#backOff = new BackOff(this.#options.random)
  }

  /** The log has these. They are kept by reference until they are sent. */
  note(versions: readonly LinkVersion[]): void {
    if (this.#isClosed) return
    for (const version of versions) this.#keep(version)
    if (!this.#isSending && this.#cancelTimer === undefined) this.#plan(0)
  }

  status(): FallbackFeedStatus {
    return { ...this.#counters, queued: this.#waiting.size + this.#batch.length }
  }

  /** Sends what it can until `timeoutMs`. False: the cache has missed versions. */
  async close(timeoutMs: number): Promise<boolean> {
    const isDone = await new Promise<boolean>((resolve) => {
      if (this.#isIdle) resolve(true)
      const cancel = this.#options.clock.after(timeoutMs, () => resolve(false))
      this.#whenIdle = () => {
        cancel()
        resolve(true)
      }
      if (this.#isIdle) cancel()
    })
    this.#isClosed = true
    this.#cancelTimer?.()
    return isDone
  }

  get #isIdle(): boolean {
    return !this.#isSending && !this.#hasMissed && this.#waiting.size === 0
  }

  #keep(version: LinkVersion): void {
    if (this.#hasMissed) {
      // A clear is due: the cache can do without this version, since it has no older one after that.
      this.#counters.dropped++
      return
    }
    const other = this.#waiting.get(version.code)
    if (other !== undefined && other.position >= version.position) return
    this.#waiting.set(version.code, version)
    this.#waitingBytes += version.record.length - (other?.record.length ?? 0)
    const { queuedLinksMax, queuedBytesMax } = this.#options
    if (this.#waiting.size > queuedLinksMax || this.#waitingBytes > queuedBytesMax) {
      this.#dropAll()
    }
  }

  #dropAll(): void {
    this.#counters.dropped += this.#waiting.size
    this.#waiting.clear()
    this.#waitingBytes = 0
    this.#hasMissed = true
  }

  #plan(ms: number): void {
    this.#cancelTimer = this.#options.clock.after(ms, () => void this.#send())
  }

  async #send(): Promise<void> {
    this.#cancelTimer = undefined
    this.#isSending = true
    try {
      if (this.#hasMissed) await this.#clear()
      else await this.#put()
      this.#counters.isReachable = true
      this.#backOff.reset()
    } catch {
      this.#counters.isReachable = false
    }
    this.#isSending = false
    if (this.#isClosed) return
    if (this.#isIdle) this.#whenIdle?.()
    else this.#plan(this.#counters.isReachable ? 0 : this.#backOff.next())
  }

  async #clear(): Promise<void> {
    // From here on versions wait again: they may be needed behind the clear. If it fails, they go.
    this.#hasMissed = false
    try {
      await this.#options.cache.clear()
      this.#counters.clears++
    } catch (error) {
      this.#dropAll()
      throw error
    }
  }

  async #put(): Promise<void> {
    this.#batch = this.#take()
    const batch = this.#batch
    try {
      await this.#options.cache.put(batch)
      this.#batch = []
      this.#counters.sent += batch.length
    } catch (error) {
      this.#batch = []
      for (const version of batch) this.#keep(version)
      throw error
    }
  }

  #take(): LinkVersion[] {
    const batch = this.#waiting.values().take(SEND_LINKS_MAX).toArray()
    for (const { code, record } of batch) {
      this.#waiting.delete(code)
      this.#waitingBytes -= record.length
    }
    return batch
  }
}

/**
 * The fallback: what a visitor gets when the owner of a link does not answer.
 *
 * Used by the router. Asks in turn the memory of a partition that this node may not answer for as
 * its owner, the fallback cache, and the store; what the store says is put into the cache. All of
 * them may be behind the owner, so only what tells of a link counts as an answer: that there is none,
 * or how many visits one with maxVisits has left, the owner alone may say.
 *
 * Each source has a time bound; one that fails, or has a damaged version, counts as one that knows
 * nothing. One read in flight
 * per code, FALLBACK_READS_MAX in all.
 */
import { type Clock, within } from '../links/clock.ts'
import type { Code, EpochMs } from '../links/ids.ts'
import { isWholeVersion, lookupRecord, type LinkVersion } from '../links/link-record.ts'
import { isOfLink } from '../links/link.ts'
import type { Found, LocalOwner } from '../links/link-owner.ts'
import type { RouterCounters } from './router-counters.ts'

const CACHE_TIMEOUT_MS = 50
const STORE_TIMEOUT_MS = 1_000
const FALLBACK_READS_MAX = 1_000

/** The part of the link store's contract that is needed here. */
export interface VersionSource {
  get(code: Code): Promise<LinkVersion | undefined>
}

/** The part of the fallback cache's contract that is needed here. */
export interface VersionCache extends VersionSource {
  put(versions: readonly LinkVersion[]): Promise<void>
}

export interface FallbackSources {
  readonly cache?: VersionCache | undefined
  readonly store?: VersionSource | undefined
}

export interface FallbackLookupsOptions extends FallbackSources {
  readonly local?: Pick<LocalOwner, 'staleLookup'> | undefined
  readonly now: () => EpochMs
  readonly clock: Clock
  readonly counters: RouterCounters
}

export class FallbackLookups {
  readonly #options: FallbackLookupsOptions
  /** Invariant: at most FALLBACK_READS_MAX. */
  readonly #reads = new Map<Code, Promise<Found | undefined>>()

  constructor(options: FallbackLookupsOptions) {
    this.#options = options
  }

  /** undefined: nobody here knows. Never rejects. */
  async find(code: Code): Promise<Found | undefined> {
    const { local, now } = this.#options
    const stale = local?.staleLookup(code, now())
    if (stale !== undefined && isOfLink(stale)) return { lookup: stale, source: 'stale' }
    const running = this.#reads.get(code)
    if (running !== undefined) return running
    if (this.#reads.size >= FALLBACK_READS_MAX) return undefined
    const read = this.#read(code).finally(() => this.#reads.delete(code))
    this.#reads.set(code, read)
    return read
  }

  async #read(code: Code): Promise<Found | undefined> {
    const { cache, store } = this.#options
    const cached = await this.#ask(cache, code, CACHE_TIMEOUT_MS)
    // The store is often behind the cache: what the cache says is not to be had, it may still have.
    if (cached !== undefined) return this.#answer(cached, 'redis')
    const stored = await this.#ask(store, code, STORE_TIMEOUT_MS)
    if (stored === undefined) return undefined
    cache?.put([stored]).catch(() => this.#options.counters.fallbackErrors++)
    return this.#answer(stored, 'store')
  }

  async #ask(
    source: VersionSource | undefined,
    code: Code,
    timeoutMs: number,
  ): Promise<LinkVersion | undefined> {
    if (source === undefined) return undefined
    try {
      const version = await within(timeoutMs, 'the answer', source.get(code), this.#options.clock)
      if (version === undefined || isWholeVersion(version)) return version
      throw new Error('it is damaged')
    } catch {
      this.#options.counters.fallbackErrors++
      return undefined
    }
  }

  #answer({ record }: LinkVersion, source: 'redis' | 'store'): Found | undefined {
    const lookup = lookupRecord(record, 0, this.#options.now())
    return isOfLink(lookup) ? { lookup, source } : undefined
  }
}

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
import {
  decodeLink,
  isWholeVersion,
  lookupRecord,
  type LinkRecord,
  type LinkVersion,
} from '../links/link-record.ts'
import { isOfLink, type Link } from '../links/link.ts'
import type { Found, LocalOwner } from '../links/link-owner.ts'
import type { Visitor } from '../links/redirect-rules.ts'
import { resolveLink, type Resolved } from '../links/resolution.ts'
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
  readonly local?: Pick<LocalOwner, 'staleLookup' | 'staleLink'> | undefined
  readonly now: () => EpochMs
  readonly clock: Clock
  readonly counters: RouterCounters
}

interface SourcedRecord {
  readonly record: LinkRecord
  readonly source: 'redis' | 'store'
}

export class FallbackLookups {
  readonly #options: FallbackLookupsOptions
  /** Invariant: at most FALLBACK_READS_MAX. */
  readonly #reads = new Map<Code, Promise<SourcedRecord | undefined>>()

  constructor(options: FallbackLookupsOptions) {
    this.#options = options
  }

  /** undefined: nobody here knows. Never rejects. */
  async find(code: Code): Promise<Found | undefined> {
    const { local, now } = this.#options
    const stale = local?.staleLookup(code, now())
    if (stale !== undefined && isOfLink(stale)) return { lookup: stale, source: 'stale' }
    const found = await this.#recordOf(code)
    if (found === undefined) return undefined
    const lookup = lookupRecord(found.record, 0, now())
    return isOfLink(lookup) ? { lookup, source: found.source } : undefined
  }

  /**
   * Where a visitor of a link with rules is sent, by the same rules. undefined: nobody here knows, or
   * the owner alone may say, as of a link with a password or maxVisits. Never rejects.
   */
  async resolve(code: Code, visitor: Visitor): Promise<Resolved | undefined> {
    const { local, now } = this.#options
    const link = local?.staleLink(code) ?? (await this.#linkOf(code))
    const isOwners = link?.maxVisits !== null || link.passwordHash !== undefined
    if (isOwners) return undefined
    const resolved = resolveLink(link, visitor, now())
    return resolved.kind === 'absent' ? undefined : resolved
  }

  async #linkOf(code: Code): Promise<Link | undefined> {
    const found = await this.#recordOf(code)
    return found && decodeLink(found.record)
  }

  async #recordOf(code: Code): Promise<SourcedRecord | undefined> {
    const running = this.#reads.get(code)
    if (running !== undefined) return running
    if (this.#reads.size >= FALLBACK_READS_MAX) return undefined
    const read = this.#read(code).finally(() => this.#reads.delete(code))
    this.#reads.set(code, read)
    return read
  }

  async #read(code: Code): Promise<SourcedRecord | undefined> {
    const { cache, store } = this.#options
    const cached = await this.#ask(cache, code, CACHE_TIMEOUT_MS)
    // The store is often behind the cache: what the cache says is not to be had, it may still have.
    if (cached !== undefined) return { record: cached.record, source: 'redis' }
    const stored = await this.#ask(store, code, STORE_TIMEOUT_MS)
    if (stored === undefined) return undefined
    cache?.put([stored]).catch(() => this.#options.counters.fallbackErrors++)
    return { record: stored.record, source: 'store' }
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
}

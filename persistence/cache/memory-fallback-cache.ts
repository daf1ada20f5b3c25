/**
 * The fallback cache in memory: for tests and simulations, which want the contract without a server.
 *
 * Keeps the whole contract of `fallback-cache.ts`; the object is its own server, so `close` changes
 * nothing. What is past its time to live is forgotten when it is asked for.
 */
import type { Code } from '../../links/ids.ts'
import type { LinkRecord, LinkVersion } from '../../links/link-record.ts'
import type { FallbackCache } from './fallback-cache.ts'

export interface MemoryFallbackCacheOptions {
  /** Milliseconds; must not go back. */
  readonly now: () => number
  readonly timeToLiveMs?: number
}

/** How long a version is kept after it was last put. */
export const TIME_TO_LIVE_MS = 60 * 60 * 1000

interface Kept {
  readonly version: LinkVersion
  readonly until: number
}

export class MemoryFallbackCache implements FallbackCache {
  readonly #now: () => number
  readonly #timeToLiveMs: number
  readonly #kept = new Map<Code, Kept>()

  constructor({ now, timeToLiveMs = TIME_TO_LIVE_MS }: MemoryFallbackCacheOptions) {
    this.#now = now
    this.#timeToLiveMs = timeToLiveMs
  }

  async get(code: Code): Promise<LinkVersion | undefined> {
    const kept = this.#kept.get(code)
    if (kept === undefined || this.#now() < kept.until) return kept?.version
    this.#kept.delete(code)
    return undefined
  }

  async put(versions: readonly LinkVersion[]): Promise<void> {
    for (const version of versions) {
      const known = await this.get(version.code)
      if (known !== undefined && known.position >= version.position) continue
      const record = Buffer.from(version.record) as LinkRecord
      const until = this.#now() + this.#timeToLiveMs
      this.#kept.set(version.code, { version: { ...version, record }, until })
    }
  }

  async clear(): Promise<void> {
    this.#kept.clear()
  }

  async close(): Promise<void> {}
}

/**
 * The near cache: where links of other nodes lead, as their owners said within the last second.
 *
 * Used by the router for partitions that are not here. It keeps redirects only: never a link with
 * maxVisits, never "gone" or "absent". An answer is served for at most NEAR_AGE_MAX_MS from when it
 * was asked for, and not past the link's expiry. Owners broadcast what changed, so it is mostly
 * right even within that second; a broadcast that is lost costs no more than the second.
 *
 * Bounded by entries, each with a URL of usual length; the older half goes first. No timers: what is too old is passed over.
 * Rejected: one map whose first key goes when it is full. A map skips what was deleted at its front
 * anew each time, which made a look-up five times as dear.
 */
import { NEAR_AGE_MAX_MS } from '../cluster/peers/owner-protocol.ts'
import type { Clock } from '../links/clock.ts'
import type { Code, EpochMs } from '../links/ids.ts'
import type { Lookup, Redirect } from '../links/link.ts'

const NEAR_ENTRIES_MAX = 10_000
/** A longer URL is not kept, so that all entries together have some 40 MB at most. */
const NEAR_URL_LENGTH_MAX = 4096

interface Entry {
  readonly redirect: Redirect
  /** By the monotonic clock. */
  readonly askedAt: number
}

/** The look-ups of one code that are on their way. */
interface Asking {
  waiting: number
  /** The link changed since: what the owner says may be what was before. */
  isOvertaken: boolean
}

export interface Asked {
  readonly at: number
  readonly asking: Asking
}

export interface NearCacheOptions {
  readonly clock: Clock
  readonly entriesMax?: number
}

export class NearCache {
  readonly #clock: Clock
  readonly #entriesMax: number
  /** Invariant: fewer than half of #entriesMax. */
  #young = new Map<Code, Entry>()
  /** What was young before: at most half of #entriesMax. Whatever is in both is newer in #young. */
  #old = new Map<Code, Entry>()
  /** Invariant: `waiting` is at least 1. */
  readonly #asking = new Map<Code, Asking>()

  constructor({ clock, entriesMax = NEAR_ENTRIES_MAX }: NearCacheOptions) {
    this.#clock = clock
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(code: Code, now: EpochMs): Redirect | undefined {
    const entry = this.#young.get(code) ?? this.#old.get(code)
    if (entry === undefined || this.#clock.now() - entry.askedAt >= NEAR_AGE_MAX_MS)
      return undefined
    const { redirect } = entry
    return redirect.expiresAt === undefined || now < redirect.expiresAt ? redirect : undefined
  }

  /** An owner is asked for the code from now on; `end` must follow. */
  begin(code: Code): Asked {
    let asking = this.#asking.get(code)
    if (asking === undefined) {
      asking = { waiting: 0, isOvertaken: false }
      this.#asking.set(code, asking)
    }
    asking.waiting++
    return { at: this.#clock.now(), asking }
  }

  /** The owner has answered; undefined: it has not. */
  end(code: Code, { at, asking }: Asked, lookup: Lookup | undefined): void {
    asking.waiting--
    if (asking.waiting === 0 && this.#asking.get(code) === asking) this.#asking.delete(code)
    if (lookup?.kind !== 'redirect' || asking.isOvertaken) return
    if (lookup.url.length > NEAR_URL_LENGTH_MAX) return
    this.#young.set(code, { redirect: lookup, askedAt: at })
    if (this.#young.size < this.#entriesMax / 2) return
    this.#old = this.#young
    this.#young = new Map()
  }

  /** These links have changed. */
  forget(codes: Iterable<Code>): void {
    for (const code of codes) {
      this.#young.delete(code)
      this.#old.delete(code)
      //   1. the owner answers a look-up: v1       2. a write makes v2; its broadcast overtakes 1
      //   3. there is nothing to forget yet        4. the answer of 1 arrives: kept, it would stay
      const asking = this.#asking.get(code)
      if (asking === undefined) continue
      asking.isOvertaken = true
      this.#asking.delete(code)
    }
  }
}

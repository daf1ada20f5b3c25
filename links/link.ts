/**
 * A link: what a code stands for, and what a visitor of it should get.
 *
 * A link is an immutable value; each change makes a new one. `stateOf` is the single place that
 * decides between redirect, gone and absent, for the link table, the store and the API alike.
 */
import type { Code, EpochMs } from './ids.ts'

/**
 * live: given and usable. deleted: answers 410, keeps its code, can be restored.
 * purged: reads as never given; the tombstone stays until no older version can come back.
 */
export type Lifecycle = GivenLifecycle | 'purged'
export type GivenLifecycle = 'live' | 'deleted'

export interface Link {
  readonly code: Code
  /** Normalised by the WHATWG parser, hence ASCII; http or https; at most URL_BYTES_MAX. */
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
  readonly createdAt: EpochMs
  /** Invariant: not before createdAt, even when the clock steps back. */
  readonly updatedAt: EpochMs
  readonly expiresAt: EpochMs | null
  readonly maxVisits: number | null
  /** Exact, and counted here only for links with maxVisits; otherwise 0. */
  readonly visits: number
  /** Whether the user chose the code. */
  readonly isAlias: boolean
  readonly lifecycle: Lifecycle
}

export const URL_BYTES_MAX = 4096
export const TITLE_LENGTH_MAX = 200
export const TAGS_MAX = 10
export const TAG_LENGTH_MAX = 40
export const MAX_VISITS_MAX = 2 ** 32 - 1

export type GoneReason = 'deleted' | 'expired' | 'used_up'

/** What a visitor of a code gets. */
export type Lookup =
  | Redirect
  /** Has maxVisits: the visit must be logged before the answer. */
  | { readonly kind: 'metered' }
  | { readonly kind: 'gone'; readonly reason: GoneReason }
  /** Never given (or purged): said only by an owner that knows its whole partition, or the store. */
  | { readonly kind: 'absent' }
  /** Not in memory, and memory is not complete: read through. */
  | { readonly kind: 'unknown' }

export interface Redirect {
  readonly kind: 'redirect'
  readonly url: string
  /** When the link expires; left out if it does not. For who keeps the answer for a while. */
  readonly expiresAt?: EpochMs
}

export const ABSENT: Lookup = Object.freeze({ kind: 'absent' })
export const UNKNOWN: Lookup = Object.freeze({ kind: 'unknown' })
export const METERED: Lookup = Object.freeze({ kind: 'metered' })
const DELETED: Lookup = Object.freeze({ kind: 'gone', reason: 'deleted' })
const EXPIRED: Lookup = Object.freeze({ kind: 'gone', reason: 'expired' })
const USED_UP: Lookup = Object.freeze({ kind: 'gone', reason: 'used_up' })

/** What a visitor gets of `link` at `now`; undefined stands for a code never given. */
export function lookupOf(link: Link | undefined, now: EpochMs): Lookup {
  if (link === undefined) return ABSENT
  const blocked = obstacle(link.lifecycle, link.expiresAt, link.maxVisits, link.visits, now)
  if (blocked !== undefined) return blocked
  return link.maxVisits === null ? redirectTo(link.url, link.expiresAt) : METERED
}

export function redirectTo(url: string, expiresAt: EpochMs | null): Redirect {
  return expiresAt === null ? { kind: 'redirect', url } : { kind: 'redirect', url, expiresAt }
}

/** Why a link does not redirect at `now`, if it does not. Takes fields so that a table can ask too. */
export function obstacle(
  lifecycle: Lifecycle,
  expiresAt: number | null,
  maxVisits: number | null,
  visits: number,
  now: number,
): Lookup | undefined {
  if (lifecycle === 'purged') return ABSENT
  if (lifecycle === 'deleted') return DELETED
  if (expiresAt !== null && expiresAt <= now) return EXPIRED
  if (maxVisits !== null && visits >= maxVisits) return USED_UP
  return undefined
}

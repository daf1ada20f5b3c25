/**
 * A link: what a code stands for, and what a visitor of it should get.
 *
 * A link is an immutable value; each change makes a new one. `stateOf` is the single place that
 * decides between redirect, gone and absent, for the link table, the store and the API alike.
 */
import type { Code, EpochMs } from './ids.ts'
import type { RedirectRule } from './redirect-rules.ts'

/**
 * live: given and usable. deleted: answers 410, keeps its code, can be restored.
 * purged: reads as never given; the tombstone stays until no older version can come back.
 */
export type Lifecycle = GivenLifecycle | 'purged'
export type GivenLifecycle = 'live' | 'deleted'

/** What few links have; the rest is told by `link-options.ts`. */
export interface LinkOptions {
  /** Before then the link answers as if its code were not given. */
  readonly validFrom?: EpochMs
  /** The status of its redirects; left out: as the settings say. */
  readonly redirectStatus?: RedirectStatus
  /** What becomes of a visitor's query; left out: as the settings say. */
  readonly forwardQuery?: QueryForwarding
  /** Where visitors are sent once it has expired or is used up; as `url`, at most EXPIRED_URL_BYTES_MAX. */
  readonly expiredUrl?: string
  /** Of the password that visitors are asked for, as `password-hash.ts` writes it. */
  readonly passwordHash?: string
  /** Where visitors are sent instead of `url`, if one holds. Invariant: at least one. */
  readonly rules?: readonly RedirectRule[]
}

export const REDIRECT_STATUSES = [301, 302, 307, 308] as const
export type RedirectStatus = (typeof REDIRECT_STATUSES)[number]

export interface Link extends LinkOptions {
  readonly code: Code
  /** Normalised by the WHATWG parser, hence ASCII; of any safe scheme; at most URL_BYTES_MAX. */
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

/** The longest that can be stored, whatever the settings say: the length has 15 bits. */
export const URL_BYTES_MAX = 32_000
/** The longest that is taken, unless a setting says otherwise. */
export const URL_BYTES_DEFAULT = 8_192
export const EXPIRED_URL_BYTES_MAX = 2048
export const TITLE_LENGTH_MAX = 200
export const TAGS_MAX = 10
export const TAG_LENGTH_MAX = 40
export const MAX_VISITS_MAX = 2 ** 32 - 1

/**
 * Whether a visitor's query goes on to the target: parameters that the target does not have (true), none
 * (false), or all, in the place of those that the target has.
 */
export type QueryForwarding = (typeof QUERY_FORWARDINGS)[number]

export const QUERY_FORWARDINGS = [true, false, 'override'] as const

export type GoneReason = 'deleted' | 'expired' | 'used_up'

/** What a visitor of a code gets. */
export type Lookup =
  | Redirect
  /** Has maxVisits: the visit must be logged before the answer. */
  | { readonly kind: 'metered' }
  /** Has rules, and perhaps maxVisits: the owner decides for each visitor (`resolve`). */
  | { readonly kind: 'ruled' }
  /** Has a password, and perhaps rules or maxVisits: nothing is said of it before it is given. */
  | { readonly kind: 'protected' }
  | Gone
  /** Given, but not valid yet: a visitor is told what he is told of a code that was never given. */
  | { readonly kind: 'scheduled' }
  /** Never given (or purged): said only by an owner that knows its whole partition, or the store. */
  | { readonly kind: 'absent' }
  /** Not in memory, and memory is not complete: read through. */
  | { readonly kind: 'unknown' }

/** Why a link does not redirect. */
export type Obstacle = Extract<Lookup, { kind: 'gone' | 'scheduled' | 'absent' }>

interface Gone {
  readonly kind: 'gone'
  readonly reason: GoneReason
  /** Where the visitor is sent instead, if the link says so. */
  readonly url?: string
}

export interface Redirect {
  readonly kind: 'redirect'
  readonly url: string
  /** When the link expires; left out if it does not. For who keeps the answer for a while. */
  readonly expiresAt?: EpochMs
  /** Left out: as the settings say. */
  readonly status?: RedirectStatus
  /** Left out: as the settings say. */
  readonly forwardQuery?: QueryForwarding
}

export const ABSENT: Obstacle = Object.freeze({ kind: 'absent' })
export const UNKNOWN: Lookup = Object.freeze({ kind: 'unknown' })
export const METERED: Lookup = Object.freeze({ kind: 'metered' })
export const RULED: Lookup = Object.freeze({ kind: 'ruled' })
export const PROTECTED: Lookup = Object.freeze({ kind: 'protected' })
export const SCHEDULED: Obstacle = Object.freeze({ kind: 'scheduled' })
const DELETED: Gone = Object.freeze({ kind: 'gone', reason: 'deleted' })
const EXPIRED: Gone = Object.freeze({ kind: 'gone', reason: 'expired' })
const USED_UP: Gone = Object.freeze({ kind: 'gone', reason: 'used_up' })

/** What a visitor gets of `link` at `now`; undefined stands for a code never given. */
export function lookupOf(link: Link | undefined, now: EpochMs): Lookup {
  if (link === undefined) return ABSENT
  const { expiresAt, maxVisits, url } = link
  const blocked = obstacleOf(link, now) ?? specialOf(link)
  if (blocked !== undefined) return blocked
  return maxVisits === null ? redirectTo(url, expiresAt, link) : METERED
}

/** What takes more than a URL. */
export function specialOf({ passwordHash, rules }: LinkOptions): Lookup | undefined {
  if (passwordHash !== undefined) return PROTECTED
  return rules === undefined ? undefined : RULED
}

export function obstacleOf(link: Link, now: EpochMs): Obstacle | undefined {
  const { lifecycle, expiresAt, maxVisits, visits } = link
  return obstacle(lifecycle, expiresAt, maxVisits, visits, now, link)
}

export function redirectTo(
  url: string,
  expiresAt: EpochMs | null,
  options?: LinkOptions,
): Redirect {
  const plain = { kind: 'redirect', url } as const
  const redirect = expiresAt === null ? plain : { ...plain, expiresAt }
  return options === undefined ? redirect : { ...redirect, ...formOf(options) }
}

/** How a visitor is sent to the target, where the link does not leave it to the settings. */
export function formOf(options: LinkOptions): Pick<Redirect, 'status' | 'forwardQuery'> {
  const { redirectStatus: status, forwardQuery } = options
  return {
    ...(status === undefined ? {} : { status }),
    ...(forwardQuery === undefined ? {} : { forwardQuery }),
  }
}

/** Whether it may be believed of who may be behind the owner: it tells of a link that is there. */
export function isOfLink({ kind }: Lookup): boolean {
  return kind !== 'absent' && kind !== 'unknown' && kind !== 'metered'
}

/** Why a link does not redirect at `now`, if it does not. Takes fields so that a table can ask too. */
export function obstacle(
  lifecycle: Lifecycle,
  expiresAt: number | null,
  maxVisits: number | null,
  visits: number,
  now: number,
  options?: LinkOptions,
): Obstacle | undefined {
  if (lifecycle === 'purged') return ABSENT
  if (lifecycle === 'deleted') return DELETED
  if (options?.validFrom !== undefined && now < options.validFrom) return SCHEDULED
  if (expiresAt !== null && expiresAt <= now) return withUrl(EXPIRED, options)
  if (maxVisits !== null && visits >= maxVisits) return withUrl(USED_UP, options)
  return undefined
}

function withUrl(gone: Gone, options: LinkOptions | undefined): Gone {
  return options?.expiredUrl === undefined ? gone : { ...gone, url: options.expiredUrl }
}

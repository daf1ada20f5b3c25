/**
 * What a gateway asks of the owner of a partition, and what it is told.
 *
 * The gateway knows partitions by this page alone: whether the owner lives in this process or on
 * another node is the router's business. Requests and answers are plain data, fit for JSON.
 *
 * Order: writes to one code are decided in the order in which they reach its owner. Errors: what
 * can go wrong with the system (not with the request) rejects with a TinygridError of status 503;
 * after `log_uncertain` and `owner_unavailable` a write may or may not have happened, after every
 * other one it has not.
 */
import type { Code, EpochMs } from './ids.ts'
import type { ListFilters } from './list-filter.ts'
import type { Visitor } from './redirect-rules.ts'
import type { Resolved } from './resolution.ts'
import {
  redirectTo,
  type GivenLifecycle,
  type GoneReason,
  type Link,
  type LinkOptions,
  type Lookup,
  type Redirect,
} from './link.ts'
import { optionsOf, withOptions, type OptionChanges } from './link-options.ts'

export interface LinkOwner {
  /** What a visitor gets, by memory alone. Synchronous; 'unknown' asks the caller to `find`. */
  lookup(code: Code, now: EpochMs): Lookup
  /** What a visitor gets, by whatever it takes, and who said so. Never 'unknown'. */
  find(code: Code): Promise<Found>
  /** Where one visitor of a link is sent, by whatever it takes. Counts nothing. */
  resolve(code: Code, visitor: Visitor): Promise<Resolved>
  /** The link in any lifecycle but purged, read through the store; undefined if never given. */
  read(code: Code): Promise<Link | undefined>
  /** Decides, logs durably, applies, answers. */
  write(request: WriteRequest): Promise<WriteResult>
}

/** The owner of some partitions in this process. */
export interface LocalOwner extends LinkOwner {
  /**
   * What a visitor gets by the memory of a partition that this node may not answer for as its owner
   * just now. Only ever of a link that is there, or 'unknown'.
   */
  staleLookup(code: Code, now: EpochMs): Lookup
  /** The link by the same memory. */
  staleLink(code: Code): Link | undefined
}

export interface Found {
  readonly lookup: Lookup
  readonly source: Source
}

/**
 * Who answered a visitor: the owner; the near cache of the gateway, at most a second old; Redis or
 * the store, because the owner did not answer; or the memory of a node that was the owner before it
 * was cut off ('stale').
 */
export type Source = (typeof SOURCES)[number]

export const SOURCES = ['owner', 'near', 'redis', 'store', 'stale'] as const

export type WriteRequest = (
  | CreateRequest
  | UpdateRequest
  | { readonly kind: 'delete'; readonly code: Code; readonly ifMatch?: string }
  | { readonly kind: 'restore'; readonly code: Code; readonly ifMatch?: string }
  /** Frees the code for good, whatever its lifecycle. */
  | { readonly kind: 'purge'; readonly code: Code; readonly ifMatch?: string }
  /** Counts a visit of a link with maxVisits. */
  | { readonly kind: 'visit'; readonly code: Code }
  | ImportRequest
) &
  Repeatable

export interface Repeatable {
  /**
   * Names what the client asked for, so that asking again changes nothing a second time: the
   * answer is the first one, for at least OPERATION_KEPT_MS (of a visit VISIT_KEPT_MS), whichever node
   * owns the link by then. Where that cannot be kept, the write is refused with operations_full.
   * At most OPERATION_ID_LENGTH_MAX visible ASCII characters; never used for anything else.
   */
  readonly operationId?: string
}

/** A client is promised this with its Idempotency-Key. */
export const OPERATION_KEPT_MS = 60_000
/**
 * No client repeats a visit: only a router does, for as long as it holds a request (HOLD_MS in
 * `routing/held-requests.ts`) and the last of its calls may be on its way.
 */
export const VISIT_KEPT_MS = 10_000
export const OPERATION_ID_LENGTH_MAX = 64

export interface CreateRequest extends LinkOptions {
  readonly kind: 'create'
  readonly code: Code
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
  readonly expiresAt: EpochMs | null
  readonly maxVisits: number | null
  readonly isAlias: boolean
  /** Whether a plain live link with this code and the same URL answers the request ('reused'). */
  readonly reuse: boolean
}

/**
 * Gives a code back to a link as it was elsewhere, or here before: with its times and its visits, and
 * deleted if it was. 'reused' if the link is there, as it was or as it became since; 'taken' if
 * anything else is: nothing is ever written over.
 */
export interface ImportRequest extends Omit<Link, 'lifecycle'> {
  readonly kind: 'import'
  readonly lifecycle: GivenLifecycle
}

/** Fields left out stay as they are; null clears. */
export interface LinkChanges extends OptionChanges {
  readonly url?: string
  readonly title?: string | null
  readonly tags?: readonly string[]
  readonly expiresAt?: EpochMs | null
  readonly maxVisits?: number | null
}

export interface UpdateRequest {
  readonly kind: 'update'
  readonly code: Code
  readonly changes: LinkChanges
  /** An entity tag as `entityTag` makes it, or '*'. */
  readonly ifMatch?: string
}

export type WriteResult =
  | { readonly kind: 'created' | 'reused'; readonly link: Link }
  /** updated, deleted, restored: the link as it is now. purged: as it last was. */
  | { readonly kind: 'done'; readonly link: Link }
  /** Create, import: the code was given before (it may be deleted). */
  | { readonly kind: 'taken' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'gone'; readonly reason: GoneReason; readonly url?: string }
  /** Restore: the link is live. */
  | { readonly kind: 'not_deleted' }
  /** Update: the link would expire before it is valid. */
  | { readonly kind: 'unfit' }
  /** ifMatch did not match. */
  | { readonly kind: 'stale' }
  /** Visit: counted and logged. */
  | Omit<Redirect, 'expiresAt'>

export interface ListQuery extends ListFilters {
  /** 1 to LIST_LIMIT_MAX. */
  readonly limit: number
  /** Where the last page ended: its `nextCursor`. */
  readonly cursor?: string
  /** Aborted when nobody waits for the page any more: it may end anywhere then. */
  readonly signal?: AbortSignal
}

export const LIST_LIMIT_MAX = 1000
/** A page whose URLs have so many bytes together takes no further link: 1,000 of the usual longest fit. */
export const LIST_URL_BYTES_MAX = 8 * 2 ** 20

export interface ListPage {
  /**
   * Live links, newest first. Fewer than `limit` although more follow: of a search, of a list by state, or
   * of very long URLs.
   */
  readonly links: readonly Link[]
  /** null: nothing follows. */
  readonly nextCursor: string | null
}

/**
 * The links of all partitions, in order of creation. Includes every write acknowledged before, unless
 * so many wait for the store that a second or two does not do.
 */
export interface LinkDirectory {
  /** @throws TinygridError store_unavailable; invalid_field (cursor) */
  list(query: ListQuery): Promise<ListPage>
  /**
   * Every code that was given and not purged, in batches and in no order, each once. Includes every
   * write acknowledged before; of later ones any, all or none.
   *
   * @throws TinygridError store_unavailable, also where the store has not caught up in time
   */
  everything(): Promise<AsyncIterable<readonly StoredVersion[]>>
  /**
   * Tags of live links, the most used first, equal ones by their bytes; at most TAGS_LISTED_MAX. Of
   * more than a hundred thousand different ones, some that few links have may be left out.
   *
   * @throws TinygridError store_unavailable
   */
  tags(): Promise<readonly TagCount[]>
  /**
   * The codes of the live links that have each of these tags, in no order; undefined: together they are
   * more than `codesMax`. A tag without links has none.
   *
   * @throws TinygridError store_unavailable
   */
  codesOfTags(
    tags: readonly string[],
    codesMax: number,
  ): Promise<ReadonlyMap<string, readonly Code[]> | undefined>
}

export interface TagCount {
  readonly tag: string
  /** Live links that have it. */
  readonly links: number
}

export const TAGS_LISTED_MAX = 10_000

export interface StoredVersion {
  readonly code: Code
  /** undefined: what the store has of it is damaged. */
  readonly link: Link | undefined
}

/** What a node tells of itself: gauges now, counters since the process started. */
export interface NodeStatus {
  readonly nodeId: string
  readonly startedAt: EpochMs
  /** Whether requests should be sent here: false until every partition was open once. */
  readonly ready: boolean
  readonly partitionsOwned: number
  /** Partitions whose every link is in memory. */
  readonly partitionsComplete: number
  /** Partitions that know every code: they answer for unknown ones without the store. */
  readonly partitionsKnown: number
  readonly linksInMemory: number
  readonly memoryBytes: number
  readonly memoryBytesMax: number
  readonly evictions: number
  readonly readThroughs: number
  readonly mailboxDepth: number
  readonly dirtyLinks: number
  readonly dirtyBytes: number
  readonly dirtyBytesMax: number
  /** Age of the oldest write that the store does not have yet; 0 if it has all. */
  readonly flushLagMs: number
  readonly linksFlushed: number
  readonly deadLetters: number
  readonly logAppends: number
  readonly logErrors: number
  readonly storeErrors: number
  /** Writes that failed in being decided: each is a fault of the program. */
  readonly decisionErrors: number
}

/** What a create makes, if the code is free. */
export function newLink(request: CreateRequest, now: EpochMs): Link {
  const { code, url, title, tags, expiresAt, maxVisits, isAlias } = request
  const settings = { code, url, title, tags, expiresAt, maxVisits, isAlias, ...optionsOf(request) }
  return { ...settings, createdAt: now, updatedAt: now, visits: 0, lifecycle: 'live' }
}

/** What an update makes of a link. Visits are counted from the moment a link gets a maximum, and forgotten when it loses it. */
export function withChanges(link: Link, changes: LinkChanges): Link {
  const { url, title, tags, expiresAt, maxVisits } = { ...link, ...changes }
  const next = withOptions({ ...link, url, title, tags, expiresAt, maxVisits }, changes)
  return { ...next, visits: next.maxVisits === null ? 0 : link.visits }
}

/** What a visit is answered that was counted. */
export function redirectOfVisit(link: Link): Redirect {
  return redirectTo(link.url, null, link)
}

/** Whether nothing has happened to the link since: each change makes `updatedAt` a later one. */
export function isNew({ createdAt, updatedAt, visits, lifecycle }: Link): boolean {
  return createdAt === updatedAt && visits === 0 && lifecycle === 'live'
}

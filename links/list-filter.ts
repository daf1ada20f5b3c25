/**
 * Which live links a list is about: the one rule for every link store, and for lists in another order.
 *
 * Used by the link stores' pages and by the gateway; pure.
 */
import { domainOf, type Domain } from './full-code.ts'
import type { EpochMs } from './ids.ts'
import { LinkSearch } from './link-search.ts'
import { obstacleOf, type Link } from './link.ts'

/** Longest text that is searched for. Of a longer URL so much finds it. */
export const SEARCH_LENGTH_MAX = 4096

export const LIST_STATES = ['active', 'scheduled', 'expired', 'used_up'] as const
/** What a visitor gets now: a redirect, or why not. */
export type ListState = (typeof LIST_STATES)[number]

export interface ListFilters {
  /** A part of the code, URL, title or a tag, as people see it; in any case. */
  readonly search?: string
  /** Exactly this tag. */
  readonly tag?: string
  /** On this domain; null: the default one. */
  readonly domain?: Domain | null
  /** On one of these domains. */
  readonly within?: readonly (Domain | null)[]
  /** Made from then on. */
  readonly createdFrom?: EpochMs
  /** Made before then. */
  readonly createdTo?: EpochMs
  readonly state?: { readonly is: ListState; readonly at: EpochMs }
}

export class ListFilter {
  readonly #filters: ListFilters
  readonly #search: LinkSearch | undefined

  constructor(filters: ListFilters) {
    this.#filters = filters
    this.#search = filters.search === undefined ? undefined : new LinkSearch(filters.search)
  }

  /** Whether a list has to look at links that may not be on it, one by one. */
  static isSelective({ search, state, domain, within }: ListFilters): boolean {
    const isByDomain = domain !== undefined || within !== undefined
    return search !== undefined || state !== undefined || isByDomain
  }

  /** @param link a live one */
  matches(link: Link): boolean {
    const { tag, domain, within, createdFrom, createdTo, state } = this.#filters
    if (tag !== undefined && !link.tags.includes(tag)) return false
    if (domain !== undefined && domainOf(link.code) !== domain) return false
    if (within !== undefined && !within.includes(domainOf(link.code))) return false
    if (createdFrom !== undefined && link.createdAt < createdFrom) return false
    if (createdTo !== undefined && link.createdAt >= createdTo) return false
    if (state !== undefined && stateAt(link, state.at) !== state.is) return false
    return this.#search === undefined || this.#search.matches(link)
  }
}

function stateAt(link: Link, at: EpochMs): string {
  const found = obstacleOf(link, at)
  if (found?.kind === 'scheduled') return found.kind
  return found?.kind === 'gone' ? found.reason : 'active'
}

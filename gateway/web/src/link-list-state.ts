/**
 * What the list shows, and how each thing that can happen changes it. Pure.
 *
 * Used by use-links, which does the asking. A new search keeps the old entries in view until its
 * first page is here, so that typing does not make the page flicker. A deleted link keeps its place,
 * so that it can be brought back where the eye is, until the list is read again.
 */
import type { Link, LinkPage, LinkQuery } from './api.ts'
import type { ApiError } from './service-call.ts'

export interface Entry {
  readonly link: Link
  readonly isDeleted: boolean
}

export interface LinkListState {
  readonly query: LinkQuery
  /** In the order of the service; each code at most once. */
  readonly entries: readonly Entry[]
  /** Where the next page starts; null at the end, and before the first page. */
  readonly cursor: string | null
  readonly phase: 'loading' | 'ready' | 'failed'
  /** Whether the entries still answer the search before this one. */
  readonly isStale: boolean
  /** Set exactly in phase `failed`. */
  readonly error: ApiError | undefined
}

/** Something that happened: makes the next state of the one before. */
export type Transition = (state: LinkListState) => LinkListState

export const NO_QUERY: LinkQuery = {
  search: '',
  tag: '',
  domain: '',
  state: '',
  from: '',
  to: '',
  sort: 'created',
}

export const INITIAL_STATE: LinkListState = {
  query: NO_QUERY,
  entries: [],
  cursor: null,
  phase: 'loading',
  isStale: false,
  error: undefined,
}

export function isFiltered({ search, tag, domain, state, from, to }: LinkQuery): boolean {
  return [search, tag, domain, state, from, to].some((given) => given !== '')
}

export const cleared: Transition = () => INITIAL_STATE

export function searched(query: LinkQuery): Transition {
  return (state) => ({ ...state, query, phase: 'loading', isStale: true, error: undefined })
}

export const continued: Transition = (state) => ({ ...state, phase: 'loading', error: undefined })

/** A link that was created while the page was under way may be on it as well. */
export function arrived(page: LinkPage): Transition {
  return (state) => {
    const fresh = withoutStale(state)
    const known = new Set(fresh.entries.map(({ link }) => link.code))
    const added = page.links
      .filter(({ code }) => !known.has(code))
      .map((link) => ({ link, isDeleted: false }))
    return { ...fresh, entries: [...fresh.entries, ...added], cursor: page.nextCursor }
  }
}

export const finished: Transition = (state) => ({ ...state, phase: 'ready' })

export function failed(error: ApiError): Transition {
  return (state) => ({ ...withoutStale(state), phase: 'failed', error })
}

/** Under a filter a new link is left out: whether it matches is the service's to say. */
export function created(link: Link): Transition {
  return (state) => {
    const isKnown = state.entries.some((entry) => entry.link.code === link.code)
    if (isKnown) return changed(link)(state)
    if (isFiltered(state.query)) return state
    return { ...state, entries: [{ link, isDeleted: false }, ...state.entries] }
  }
}

/** Also brings a deleted link back. */
export function changed(link: Link): Transition {
  return (state) => withEntry(state, link.code, () => ({ link, isDeleted: false }))
}

export function deleted(code: string): Transition {
  return (state) => withEntry(state, code, ({ link }) => ({ link, isDeleted: true }))
}

export function purged(code: string): Transition {
  return (state) => ({ ...state, entries: state.entries.filter(({ link }) => link.code !== code) })
}

function withoutStale(state: LinkListState): LinkListState {
  return state.isStale ? { ...state, entries: [], cursor: null, isStale: false } : state
}

function withEntry(state: LinkListState, code: string, change: (entry: Entry) => Entry) {
  const entries = state.entries.map((entry) => (entry.link.code === code ? change(entry) : entry))
  return { ...state, entries }
}

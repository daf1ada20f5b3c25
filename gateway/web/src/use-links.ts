/**
 * The list's connection to the service: asks for pages and feeds what comes to the list's state.
 *
 * Used by the app, which passes it to the list and tells it of created links. At most one load is
 * under way; a newer one aborts it, so that a slow answer never replaces a later one.
 */
import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks'
import type { Api, LinkQuery } from './api.ts'
import { toApiError } from './service-call.ts'
import {
  arrived,
  cleared,
  continued,
  failed,
  finished,
  INITIAL_STATE,
  NO_QUERY,
  searched,
  type LinkListState,
  type Transition,
} from './link-list-state.ts'
import { LINKS_PER_LOAD, pagesUntilFound } from './link-search.ts'

export interface LinkList extends LinkListState {
  readonly tell: (transition: Transition) => void
  readonly search: (query: LinkQuery) => void
  readonly loadMore: () => Promise<void>
  readonly retry: () => void
}

export function useLinks(api: Api, isSignedIn: boolean): LinkList {
  const [state, tell] = useReducer(
    (before: LinkListState, transition: Transition) => transition(before),
    INITIAL_STATE,
  )
  const load = useLoad(api, tell)

  const search = useCallback(
    (query: LinkQuery) => {
      tell(searched(query))
      void load(query, null)
    },
    [load],
  )
  const loadMore = useCallback(async () => {
    tell(continued)
    await load(state.query, state.cursor)
  }, [load, state.query, state.cursor])
  const retry = () => (state.entries.length > 0 ? void loadMore() : search(state.query))

  useEffect(() => {
    if (isSignedIn) search(NO_QUERY)
    else tell(cleared)
  }, [isSignedIn, search])

  return { ...state, tell, search, loadMore, retry }
}

function useLoad(api: Api, tell: (transition: Transition) => void) {
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [api])

  return useCallback(
    async (query: LinkQuery, start: string | null) => {
      running.current?.abort()
      const { signal } = (running.current = new AbortController())
      const readPage = (cursor: string | null) => api.list(query, cursor, LINKS_PER_LOAD, signal)
      try {
        for await (const page of pagesUntilFound(readPage, start)) {
          if (signal.aborted) return
          tell(arrived(page))
        }
        tell(finished)
      } catch (error) {
        if (!signal.aborted) tell(failed(toApiError(error)))
      }
    },
    [api],
  )
}

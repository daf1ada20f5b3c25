/**
 * What stands below the list: how much there is, what went wrong, and the way to more. Used by the list.
 */
import type { LinkQuery } from './api.ts'
import { FailureNotice } from './failure-notice.tsx'
import { isFiltered, NO_QUERY } from './link-list-state.ts'
import type { LinkList } from './use-links.ts'

export function ListEnd({ list, onMore }: { list: LinkList; onMore: () => void }) {
  const { phase, entries, cursor, query, error } = list
  const isEmpty = entries.length === 0
  const status = statusText(list)
  const isQuiet = status === '' || (!isEmpty && phase === 'ready')
  return (
    <div class="links-end">
      {error !== undefined && <FailureNotice error={error} onRetry={list.retry} />}
      <p class={isQuiet ? 'visually-hidden' : 'muted'} role="status">
        {status}
      </p>
      {phase === 'ready' && isEmpty && !isFiltered(query) && <EmptyList />}
      {phase === 'ready' && isEmpty && isFiltered(query) && (
        <button
          type="button"
          class="button"
          onClick={() => list.search({ ...NO_QUERY, sort: query.sort })}
        >
          Show all links
        </button>
      )}
      {phase === 'ready' && cursor !== null && (
        <button type="button" class="button" onClick={onMore}>
          {isFiltered(query) ? 'Search further' : 'Load more'}
        </button>
      )}
    </div>
  )
}

function EmptyList() {
  return (
    <div class="empty">
      <p class="empty-title">No links yet</p>
      <p>Shorten an address above, and it will be kept here.</p>
    </div>
  )
}

function statusText({ phase, entries, cursor, query, isStale }: LinkList): string {
  const isSearch = isFiltered(query)
  if (phase === 'failed') return ''
  if (phase === 'loading')
    return isSearch ? 'Searching …' : isStale ? 'Loading …' : 'Loading more …'
  if (entries.length > 0)
    return `${entries.length} ${entries.length === 1 ? 'link' : 'links'} shown.`
  if (!isSearch) return ''
  return cursor === null ? `No links match ${wanted(query)}.` : 'Nothing found so far.'
}

function wanted({ search, tag, ...rest }: LinkQuery): string {
  const words = search === '' ? [] : [`“${search}”`]
  const tagged = tag === '' ? [] : [`the tag “${tag}”`]
  const isNarrowed = rest.state !== '' || rest.from !== '' || rest.to !== ''
  return [...words, ...tagged, ...(isNarrowed ? ['the state and time'] : [])].join(' and ')
}

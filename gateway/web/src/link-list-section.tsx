/**
 * The signed-in person's links, newest first. Used by the app.
 *
 * Moves the focus along with what happens: to the first of the links that were added, to a link that
 * came back, to the heading when the focused row is gone.
 */
import { useRef } from 'preact/hooks'
import { displayAddress } from './address.ts'
import { useAnnounce } from './announcer.tsx'
import type { Api, Link, LinkQuery } from './api.ts'
import { DeletedRow } from './deleted-row.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { LinkRow } from './link-row.tsx'
import { changed, deleted, isFiltered, NO_QUERY, purged, type Entry } from './link-list-state.ts'
import { SearchBar } from './search-bar.tsx'
import type { LinkList } from './use-links.ts'

interface LinkListSectionProps {
  readonly api: Api
  readonly list: LinkList
  readonly onDeleted: (code: string) => void
}

export function LinkListSection({ api, list, onDeleted }: LinkListSectionProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const rows = useRef<HTMLUListElement>(null)

  function focusRow(index: number): void {
    requestAnimationFrame(() => rows.current?.children[index]?.querySelector('a')?.focus())
  }
  async function loadMore(): Promise<void> {
    const shown = list.entries.length
    await list.loadMore()
    focusRow(shown)
  }

  return (
    <section class="links" aria-labelledby="links" aria-busy={list.phase === 'loading'}>
      <div class="links-header">
        <h2 id="links" ref={heading} tabIndex={-1}>
          Your links
        </h2>
        <SearchBar query={list.query} onSearch={list.search} />
      </div>
      <ul class={list.isStale ? 'rows rows-stale' : 'rows'} ref={rows}>
        {list.entries.map((entry, index) => (
          <li key={entry.link.code}>
            <Row
              api={api}
              entry={entry}
              list={list}
              onDeleted={onDeleted}
              onRestored={() => focusRow(index)}
              onPurged={() => heading.current?.focus()}
            />
          </li>
        ))}
      </ul>
      <ListEnd list={list} onMore={() => void loadMore()} />
    </section>
  )
}

interface RowProps extends LinkListSectionProps {
  readonly entry: Entry
  readonly onRestored: () => void
  readonly onPurged: () => void
}

function Row({ api, entry: { link, isDeleted }, list, onDeleted, onRestored, onPurged }: RowProps) {
  const announce = useAnnounce()
  const address = displayAddress(link.shortUrl)

  function change(saved: Link, what: string): void {
    list.tell(changed(saved))
    announce(`${address} is ${what}.`)
  }
  function drop(): void {
    list.tell(purged(link.code))
    announce(`${address} is deleted for good.`)
    onPurged()
  }

  return isDeleted ? (
    <DeletedRow
      api={api}
      link={link}
      onRestored={(restored) => (change(restored, 'back'), onRestored())}
      onPurged={drop}
    />
  ) : (
    <LinkRow
      api={api}
      link={link}
      onTag={(tag) => list.search({ ...list.query, tag })}
      onChanged={(saved) => change(saved, 'saved')}
      onDeleted={() => (list.tell(deleted(link.code)), onDeleted(link.code))}
    />
  )
}

function ListEnd({ list, onMore }: { list: LinkList; onMore: () => void }) {
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
        <button type="button" class="button" onClick={() => list.search(NO_QUERY)}>
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

function wanted({ search, tag }: LinkQuery): string {
  const words = search === '' ? [] : [`“${search}”`]
  const tagged = tag === '' ? [] : [`the tag “${tag}”`]
  return [...words, ...tagged].join(' and ')
}

/**
 * The signed-in person's links, as a table that can be sorted, narrowed and chosen from. Used by the app.
 *
 * Moves the focus along with what happens: to the first of the links that were added, to a link that
 * came back, to the heading when the focused row is gone.
 */
import { useRef } from 'preact/hooks'
import type { Api } from './api.ts'
import { BulkBar } from './bulk-bar.tsx'
import { ListEnd } from './list-end.tsx'
import { changed, deleted } from './link-list-state.ts'
import { ListRow } from './list-row.tsx'
import { LinkTable } from './link-table.tsx'
import { ListFilters } from './list-filters.tsx'
import { SearchBar } from './search-bar.tsx'
import type { LinkList } from './use-links.ts'
import { useSelection } from './use-selection.ts'
import { useSparklines } from './use-sparklines.ts'

interface LinkListSectionProps {
  readonly api: Api
  readonly list: LinkList
  readonly onDeleted: (code: string) => void
}

export function LinkListSection({ api, list, onDeleted }: LinkListSectionProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const rows = useRef<HTMLTableSectionElement>(null)
  const selection = useSelection(list.entries)
  const lines = useSparklines(api, list.entries)
  /** The link that was deleted by its own button, whose row takes the focus. */
  const pressed = useRef<string>(undefined)

  function focusRow(index: number): void {
    requestAnimationFrame(() => rows.current?.children[index]?.querySelector('a')?.focus())
  }
  async function loadMore(): Promise<void> {
    const shown = list.entries.length
    await list.loadMore()
    focusRow(shown)
  }
  function drop(code: string): void {
    list.tell(deleted(code))
    onDeleted(code)
  }

  return (
    <section class="links" aria-labelledby="links" aria-busy={list.phase === 'loading'}>
      <div class="links-header">
        <h2 id="links" ref={heading} tabIndex={-1}>
          Your links
        </h2>
        <ListFilters api={api} query={list.query} onSearch={list.search} />
        <SearchBar query={list.query} onSearch={list.search} />
      </div>
      {list.entries.length > 0 && (
        <LinkTable
          query={list.query}
          isStale={list.isStale}
          selection={selection}
          rows={rows}
          onSort={(sort) => list.search({ ...list.query, sort })}
        >
          {list.entries.map((entry, index) => (
            <ListRow
              key={entry.link.code}
              {...{ api, entry, list, selection }}
              counts={lines.get(entry.link.code)}
              takesFocus={pressed.current === entry.link.code}
              onDeleted={(code) => ((pressed.current = code), drop(code))}
              onRestored={() => focusRow(index)}
              onPurged={() => heading.current?.focus()}
            />
          ))}
        </LinkTable>
      )}
      <BulkBar
        api={api}
        selection={selection}
        onChanged={(link) => list.tell(changed(link))}
        onDeleted={({ code }) => ((pressed.current = undefined), drop(code))}
      />
      <ListEnd list={list} onMore={() => void loadMore()} />
    </section>
  )
}

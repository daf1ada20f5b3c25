/**
 * The head of the list of links, with its ways to sort and to choose, and the rows below it.
 *
 * The roles stand there although the elements have them: on a narrow screen the rows are drawn as
 * blocks, and a table that is not drawn as one is none to some screen readers.
 */
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { LinkQuery } from './api.ts'
import { Icon } from './icon.tsx'
import type { Selection } from './use-selection.ts'

interface LinkTableProps {
  readonly query: LinkQuery
  readonly isStale: boolean
  readonly selection: Selection
  readonly rows: RefObject<HTMLTableSectionElement | null>
  readonly onSort: (sort: LinkQuery['sort']) => void
  readonly children: ComponentChildren
}

export function LinkTable({ query, isStale, selection, rows, onSort, children }: LinkTableProps) {
  return (
    <table role="table" class={isStale ? 'rows rows-stale' : 'rows'} aria-labelledby="links">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col" class="cell-check">
            <ChooseAll selection={selection} />
          </th>
          <th role="columnheader" scope="col" class="cell-link">
            Short link
          </th>
          <th role="columnheader" scope="col" class="cell-target">
            Leads to
          </th>
          <th role="columnheader" scope="col" class="cell-title">
            Title and tags
          </th>
          <SortHeader name="Visits" by="visits" query={query} onSort={onSort} />
          <SortHeader name="Created" by="created" query={query} onSort={onSort} />
          <th role="columnheader" scope="col" class="cell-actions">
            <span class="visually-hidden">What can be done</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup" ref={rows}>
        {children}
      </tbody>
    </table>
  )
}

interface SortHeaderProps extends Pick<LinkTableProps, 'query' | 'onSort'> {
  readonly name: string
  readonly by: LinkQuery['sort']
}

function SortHeader({ name, by, query, onSort }: SortHeaderProps) {
  const isSorted = query.sort === by
  return (
    <th
      role="columnheader"
      scope="col"
      class={`cell-${by}`}
      aria-sort={isSorted ? 'descending' : undefined}
    >
      <button
        type="button"
        class={isSorted ? 'sort sort-chosen' : 'sort'}
        title={by === 'visits' ? 'Most visits first' : 'Newest first'}
        onClick={() => onSort(by)}
      >
        {name}
        <Icon name="down" />
      </button>
    </th>
  )
}

function ChooseAll({ selection: { links, isAll, toggleAll } }: { selection: Selection }) {
  const box = useRef<HTMLInputElement>(null)
  const isSome = links.length > 0 && !isAll
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = isSome
  }, [isSome])
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label="Choose all links that are shown"
      checked={isAll}
      onChange={toggleAll}
    />
  )
}

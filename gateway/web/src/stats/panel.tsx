/**
 * A part of the dashboard: a heading, ways to choose and to take along, a picture, and the same as a
 * table for whoever reads rather than looks.
 */
import type { ComponentChildren, RefObject } from 'preact'
import { useId, useState } from 'preact/hooks'
import { Icon } from '../icon.tsx'
import type { ApiError } from '../service-call.ts'
import { FigureTable, type TableContent } from './figure-table.tsx'
import { Waiting } from './waiting.tsx'

export interface PanelTab {
  readonly name: string
  readonly isChosen: boolean
  readonly onChoose: () => void
}

interface PanelProps {
  readonly element?: RefObject<HTMLElement | null>
  readonly title: string
  readonly class?: string
  readonly tabs?: readonly PanelTab[]
  readonly actions?: ComponentChildren
  readonly isStale?: boolean
  readonly error?: ApiError | undefined
  /** Told whether the table is shown instead of the picture. */
  readonly onTable?: (isTable: boolean) => void
  /** undefined: not here yet. */
  readonly table: TableContent | undefined
  readonly children?: ComponentChildren
}

export function Panel({ title, tabs = [], actions, children, ...rest }: PanelProps) {
  const { onTable, table, error } = rest
  const [isTable, setTable] = useState(false)
  const id = useId()
  const isDimmed = rest.isStale === true && table !== undefined
  return (
    <section ref={rest.element ?? null} class={`figure ${rest.class ?? ''}`} aria-labelledby={id}>
      <header class="figure-header">
        <h2 id={id}>{title}</h2>
        {tabs.length > 0 && <Tabs label={title} tabs={tabs} />}
        <div class="figure-actions">
          {actions}
          <button
            type="button"
            class="icon-button"
            aria-label={`${title} as a table`}
            aria-pressed={isTable}
            title="As a table"
            onClick={() => {
              setTable(!isTable)
              onTable?.(!isTable)
            }}
          >
            <Icon name="table" />
          </button>
        </div>
      </header>
      <div class={isDimmed ? 'figure-body figure-stale' : 'figure-body'}>
        {table === undefined ? (
          <Waiting error={error} />
        ) : isTable ? (
          <FigureTable {...table} />
        ) : (
          children
        )}
      </div>
    </section>
  )
}

function Tabs({ label, tabs }: { label: string; tabs: readonly PanelTab[] }) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {tabs.map(({ name, isChosen, onChoose }) => (
        <button
          key={name}
          type="button"
          class="choice-one"
          aria-pressed={isChosen}
          onClick={onChoose}
        >
          {name}
        </button>
      ))}
    </div>
  )
}

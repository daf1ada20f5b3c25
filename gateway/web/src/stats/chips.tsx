/**
 * What the dashboard is narrowed to, each with the way to widen it again, and the way to a further
 * link to compare with.
 */
import { useState } from 'preact/hooks'
import { Icon } from '../icon.tsx'
import { isChosenIn, toggledIn, type Dashboard } from './dashboard.ts'
import { COMPARED_LINKS_MAX } from './stats-view.ts'
import { FIELD_NAMES, valueName } from './words.ts'

export function Chips({ dashboard: { view, change } }: { dashboard: Dashboard }) {
  const links = view.codes.map((code) => ['code', code] as const)
  const filters = view.filters.flatMap(({ field, values }) =>
    values.map((value) => [field, value] as const),
  )
  const chips = [...links, ...filters]
  return (
    <div class="chips">
      {chips.map(([field, value]) => (
        <button
          key={`${field} ${value}`}
          type="button"
          class="tag tag-active"
          onClick={() => change((before) => toggledIn(before, field, value))}
        >
          <span>
            <span class="chip-field">{FIELD_NAMES[field]}</span> {valueName(field, value)}
            <span class="visually-hidden">: take away</span>
          </span>
          <Icon name="close" />
        </button>
      ))}
      {chips.length > 1 && (
        <button
          type="button"
          class="button button-quiet button-small"
          onClick={() => change((before) => ({ ...before, codes: [], filters: [] }))}
        >
          Show all
        </button>
      )}
      {view.codes.length > 0 && view.codes.length < COMPARED_LINKS_MAX && (
        <AddLink
          onAdd={(code) =>
            change((before) =>
              isChosenIn(before, 'code', code) ? before : toggledIn(before, 'code', code),
            )
          }
        />
      )}
    </div>
  )
}

const CODE_LENGTH_MAX = 64

function AddLink({ onAdd }: { onAdd: (code: string) => void }) {
  const [text, setText] = useState('')
  const code = text.trim().replace(/^.*\//, '')
  return (
    <form
      class="add-link"
      onSubmit={(event) => {
        event.preventDefault()
        if (code === '') return
        onAdd(code)
        setText('')
      }}
    >
      <input
        aria-label="Code of a link to compare with"
        placeholder="Compare with code"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxLength={CODE_LENGTH_MAX}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Compare
      </button>
    </form>
  )
}

/**
 * Narrows the list by words and by a tag. Used by the list.
 *
 * Searches while one types, a moment after the last key. Ctrl+K (or ⌘K) gets there from anywhere; a
 * single letter as a shortcut would get in the way of those who speak to their browser.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { LinkQuery } from './api.ts'
import { Icon } from './icon.tsx'

const TYPING_PAUSE_MS = 250
/** In characters; the service takes no more. */
const SEARCH_LENGTH_MAX = 4096

interface SearchBarProps {
  readonly query: LinkQuery
  readonly onSearch: (query: LinkQuery) => void
}

export function SearchBar({ query, onSearch }: SearchBarProps) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(query.search)
  /** The words of the list's query, as soon as this field has asked for them. */
  const searched = useRef(query.search)
  const latest = useRef({ query, onSearch })
  latest.current = { query, onSearch }
  useShortcut(input)

  useEffect(() => {
    // Its own words come back while the person types on: what was typed since stays.
    if (query.search === searched.current) return
    searched.current = query.search
    setText(query.search)
  }, [query.search])

  useEffect(() => {
    const search = text.trim()
    if (search === searched.current) return undefined
    const timer = window.setTimeout(() => {
      searched.current = search
      latest.current.onSearch({ ...latest.current.query, search })
    }, TYPING_PAUSE_MS)
    return () => window.clearTimeout(timer)
  }, [text])

  function clearTag(): void {
    onSearch({ ...query, tag: '' })
    input.current?.focus()
  }

  return (
    <search class="search">
      <div class="search-box">
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          aria-label="Search your links"
          aria-keyshortcuts="Control+K Meta+K"
          placeholder="Search"
          autocomplete="off"
          spellcheck={false}
          maxLength={SEARCH_LENGTH_MAX}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <kbd aria-hidden="true">Ctrl K</kbd>
      </div>
      {query.tag !== '' && (
        <button
          type="button"
          class="tag tag-active"
          aria-label={`Tagged ${query.tag}: show links with any tag`}
          onClick={clearTag}
        >
          {query.tag}
          <Icon name="close" />
        </button>
      )}
    </search>
  )
}

function useShortcut(input: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}

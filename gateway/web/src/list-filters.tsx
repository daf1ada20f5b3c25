/**
 * Narrows the list by a domain, a tag, a state and the days on which links were created. Used by the list.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Api, LinkQuery } from './api.ts'
import { Choice } from './stats/choice.tsx'
import { useDomains } from './use-domains.ts'

interface ListFiltersProps {
  readonly api: Api
  readonly query: LinkQuery
  readonly onSearch: (query: LinkQuery) => void
}

const STATES = [
  ['', 'Any state'],
  ['active', 'Working'],
  ['scheduled', 'Scheduled'],
  ['expired', 'Expired'],
  ['used_up', 'Used up'],
] as const

export function ListFilters({ api, query, onSearch }: ListFiltersProps) {
  const tags = useTags(api)
  const domains = useDomains(api, 'default')
  const named = tags.includes(query.tag) || query.tag === '' ? tags : [query.tag, ...tags]
  const tagOptions = [['', 'Any tag'] as const, ...named.map((tag) => [tag, tag] as const)]
  return (
    <div class="list-filters">
      {domains.length > 0 && (
        <Choice
          label="Domain of links"
          options={[['', 'Any domain'] as const, ...domains]}
          value={query.domain}
          onChoose={(domain) => onSearch({ ...query, domain })}
        />
      )}
      {named.length > 0 && (
        <Choice
          label="Tag"
          options={tagOptions}
          value={query.tag}
          onChoose={(tag) => onSearch({ ...query, tag })}
        />
      )}
      <Choice
        label="State"
        options={STATES}
        value={query.state}
        onChoose={(state) => onSearch({ ...query, state })}
      />
      <span class="muted" aria-hidden="true">
        Created
      </span>
      <DayField
        label="Created from"
        value={query.from}
        onChoose={(from) => onSearch({ ...query, from })}
      />
      <span class="muted" aria-hidden="true">
        to
      </span>
      <DayField label="Created to" value={query.to} onChoose={(to) => onSearch({ ...query, to })} />
    </div>
  )
}

interface DayFieldProps {
  readonly label: string
  readonly value: string
  readonly onChoose: (value: string) => void
}

function DayField({ label, value, onChoose }: DayFieldProps) {
  return (
    <input
      type="date"
      class="day-field"
      aria-label={label}
      title={label}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    />
  )
}

/** Without an answer there are none to choose from; those of the rows remain. */
function useTags(api: Api): readonly string[] {
  const [tags, setTags] = useState<readonly string[]>([])
  useEffect(() => {
    const stopping = new AbortController()
    api.clicks.tags(stopping.signal).then(
      (found) => setTags(found.map(({ tag }) => tag)),
      () => undefined,
    )
    return () => stopping.abort()
  }, [api])
  return tags
}

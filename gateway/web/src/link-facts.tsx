/**
 * The small print of a link: tags, age, visits and how long it lasts. Used by its row.
 */
import type { Link } from './api.ts'
import { endOf, fullTime, timeFromNow, visitsText } from './link-status.ts'

interface LinkFactsProps {
  readonly link: Link
  readonly onTag: (tag: string) => void
}

export function LinkFacts({ link, onTag }: LinkFactsProps) {
  const now = Date.now()
  const end = endOf(link, now)
  const visits = visitsText(link)
  return (
    <ul class="facts">
      {end !== undefined && (
        <li>
          <strong class="badge">{end}</strong>
        </li>
      )}
      {link.tags.map((tag) => (
        <li key={`tag ${tag}`}>
          <button
            type="button"
            class="tag"
            title="Show links with this tag"
            onClick={() => onTag(tag)}
          >
            <span class="visually-hidden">Show links tagged </span>
            {tag}
          </button>
        </li>
      ))}
      <li>
        <time dateTime={link.createdAt} title={`Created ${fullTime(link.createdAt)}`}>
          {timeFromNow(link.createdAt, now)}
        </time>
      </li>
      {visits !== undefined && <li>{visits}</li>}
      {link.expiresAt !== null && end !== 'Expired' && (
        <li>
          expires{' '}
          <time dateTime={link.expiresAt} title={fullTime(link.expiresAt)}>
            {timeFromNow(link.expiresAt, now)}
          </time>
        </li>
      )}
    </ul>
  )
}

/**
 * Values of a field by their clicks, as bars; each is a filter. Used by panels.
 *
 * A list of buttons: the bar behind the words is for the eye alone.
 */
import type { Counts, Field, Group } from './answer.ts'
import { countText, shareText, valueName } from './words.ts'

interface BarsProps {
  readonly field: Field
  readonly groups: readonly Group[]
  readonly other: Counts | null
  readonly total: number
  readonly isChosen: (value: string) => boolean
  readonly onToggle: (value: string) => void
}

export function Bars({ field, groups, other, total, isChosen, onToggle }: BarsProps) {
  const most = Math.max(1, ...groups.map(({ clicks }) => clicks))
  if (groups.length === 0) return <p class="figure-none muted">None in this time.</p>
  return (
    <ol class="bars">
      {groups.map((group) => {
        const value = group[field] ?? ''
        return (
          <li key={value}>
            <button
              type="button"
              class="bar-row"
              aria-pressed={isChosen(value)}
              onClick={() => onToggle(value)}
            >
              <span
                class="bar-fill"
                style={{ width: `${(group.clicks / most) * 100}%` }}
                aria-hidden="true"
              />
              <span class="bar-name">{valueName(field, value)}</span>
              <span class="bar-count">{countText(group.clicks)}</span>
              <span class="bar-share">{shareText(group.clicks, total)}</span>
            </button>
          </li>
        )
      })}
      {other !== null && other.clicks > 0 && (
        <li class="bar-row bar-rest muted">
          <span class="bar-name">All others</span>
          <span class="bar-count">{countText(other.clicks)}</span>
          <span class="bar-share">{shareText(other.clicks, total)}</span>
        </li>
      )}
    </ol>
  )
}

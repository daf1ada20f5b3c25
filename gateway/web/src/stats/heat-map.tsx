/**
 * When in the week clicks come: a row for each weekday, a cell for each hour. Used by its panel.
 *
 * A grid in which the arrow keys move, so that 168 cells are one stop for the Tab key. A cell is a
 * filter on its weekday and hour.
 */
import { useRef, useState } from 'preact/hooks'
import { levelOf } from './levels.ts'
import { countText, hourName, WEEKDAYS } from './words.ts'

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const STEPS: Readonly<Record<string, readonly [day: number, hour: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

interface HeatMapProps {
  /** Clicks at a weekday (1 is Monday) and hour. */
  readonly clicksAt: (weekday: number, hour: number) => number
  readonly isChosen: (weekday: number, hour: number) => boolean
  readonly onToggle: (weekday: number, hour: number) => void
}

export function HeatMap({ clicksAt, isChosen, onToggle }: HeatMapProps) {
  const grid = useRef<HTMLDivElement>(null)
  const [[day, hour], setCurrent] = useState<readonly [number, number]>([0, 0])
  const most = Math.max(...WEEKDAYS.flatMap((_, row) => HOURS.map((at) => clicksAt(row + 1, at))))

  function move(event: KeyboardEvent): void {
    const [rows, columns] = STEPS[event.key] ?? [0, 0]
    if (rows === 0 && columns === 0) return
    event.preventDefault()
    const next = [(day + rows + 7) % 7, (hour + columns + 24) % 24] as const
    setCurrent(next)
    const row = grid.current?.querySelectorAll('[role=row]')[next[0] + 1]
    row?.querySelectorAll('button')[next[1]]?.focus()
  }

  return (
    <div
      class="heat"
      role="grid"
      aria-label="Clicks by hour and weekday"
      ref={grid}
      onKeyDown={move}
    >
      <div class="heat-row" role="row">
        <span role="columnheader" class="heat-day">
          <span class="visually-hidden">Weekday</span>
        </span>
        {HOURS.map((at) => (
          <span key={at} role="columnheader" class="heat-hour">
            <span class={at % 3 === 0 ? '' : 'visually-hidden'}>{at}</span>
          </span>
        ))}
      </div>
      {WEEKDAYS.map((name, row) => (
        <div key={name} class="heat-row" role="row">
          <span role="rowheader" class="heat-day" aria-label={name}>
            {name.slice(0, 3)}
          </span>
          {HOURS.map((at) => {
            const clicks = clicksAt(row + 1, at)
            const text = `${name} ${hourName(at)}: ${countText(clicks)}`
            return (
              <span key={at} role="gridcell" class="heat-slot">
                <button
                  type="button"
                  class={`heat-cell level-${levelOf(clicks, most)}`}
                  tabIndex={row === day && at === hour ? 0 : -1}
                  aria-label={text}
                  aria-pressed={isChosen(row + 1, at)}
                  title={text}
                  onFocus={() => setCurrent([row, at])}
                  onClick={() => onToggle(row + 1, at)}
                />
              </span>
            )
          })}
        </div>
      ))}
    </div>
  )
}

/**
 * Clicks by weekday and hour, in the time zone that is shown.
 */
import { useRef } from 'preact/hooks'
import type { Answer } from './answer.ts'
import type { Dashboard } from './dashboard.ts'
import type { TableContent } from './figure-table.tsx'
import { HeatMap } from './heat-map.tsx'
import { Panel } from './panel.tsx'
import { filtered } from './stats-view.ts'
import { useAnswer } from './use-answer.ts'
import { useInView } from './use-in-view.ts'
import { countText, hourName, WEEKDAYS } from './words.ts'

const HOURS_OF_WEEK = 168

export function WeekPanel({ dashboard }: { dashboard: Dashboard }) {
  const element = useRef<HTMLElement>(null)
  const isInView = useInView(element)
  const { api, selection, slowTick, isChosen, change } = dashboard
  const groupBy = ['hourOfDay', 'weekday'] as const
  const question = { ...selection, groupBy, limit: HOURS_OF_WEEK, visitors: 'none' as const }
  const { answer, error, isStale } = useAnswer(api, question, slowTick, isInView)
  const clicks = clicksByHour(answer)
  const clicksAt = (weekday: number, hour: number) => clicks.get(`${weekday} ${hour}`) ?? 0
  const isCell = (weekday: number, hour: number) =>
    isChosen('weekday', String(weekday)) && isChosen('hourOfDay', String(hour))

  function toggle(weekday: number, hour: number): void {
    const isOff = isCell(weekday, hour)
    change((view) => {
      const onDay = filtered(view, 'weekday', isOff ? [] : [String(weekday)])
      return filtered(onDay, 'hourOfDay', isOff ? [] : [String(hour)])
    })
  }

  return (
    <Panel
      element={element}
      title="Hours of the week"
      class="figure-wide"
      isStale={isStale}
      error={error}
      table={answer && weekTable(clicksAt)}
    >
      <HeatMap clicksAt={clicksAt} isChosen={isCell} onToggle={toggle} />
    </Panel>
  )
}

function clicksByHour(answer: Answer | undefined): ReadonlyMap<string, number> {
  const groups = answer?.groups ?? []
  return new Map(
    groups.map(({ weekday, hourOfDay, clicks }) => [
      `${Number(weekday)} ${Number(hourOfDay)}`,
      clicks,
    ]),
  )
}

function weekTable(clicksAt: (weekday: number, hour: number) => number): TableContent {
  const hours = Array.from({ length: 24 }, (_, hour) => hour)
  return {
    caption: 'Clicks by hour and weekday',
    columns: ['Hour', ...WEEKDAYS],
    rows: hours.map((hour) => {
      const counts = WEEKDAYS.map((_, index) => countText(clicksAt(index + 1, hour)))
      return [hourName(hour)].concat(counts)
    }),
  }
}

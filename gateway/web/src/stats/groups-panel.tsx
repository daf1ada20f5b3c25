/**
 * Clicks by the values of a field, with a choice of fields. Used by the dashboard.
 *
 * Only the chosen field is asked for.
 */
import { useRef, useState } from 'preact/hooks'
import type { Answer, Field } from './answer.ts'
import { Bars } from './bars.tsx'
import type { TableContent } from './figure-table.tsx'
import type { StatsQuestion } from './clicks-api.ts'
import { Panel } from './panel.tsx'
import type { Dashboard } from './dashboard.ts'
import { useAnswer } from './use-answer.ts'
import { useInView } from './use-in-view.ts'
import { countText, FIELD_NAMES, METRIC_NAMES, shareText, valueName } from './words.ts'

const BARS_MAX = 8

interface GroupsPanelProps {
  readonly dashboard: Dashboard
  readonly title: string
  /** With a name for each, shorter than that of the field. */
  readonly fields: readonly (readonly [Field, string])[]
}

export function GroupsPanel({ dashboard, title, fields }: GroupsPanelProps) {
  const [chosen, setChosen] = useState(fields[0]![0])
  const element = useRef<HTMLElement>(null)
  const isInView = useInView(element)
  const { api, selection, slowTick, isChosen, toggle } = dashboard
  const [isTable, setTable] = useState(false)
  const question = { ...selection, groupBy: [chosen], limit: BARS_MAX, ...countedFor(isTable) }
  const answered = useAnswer(api, question, slowTick, isInView)
  const { error, isStale } = answered
  // Of another field, until the answer is here.
  const answer = answered.question?.groupBy?.[0] === chosen ? answered.answer : undefined
  const tabs = fields.map(([field, name]) => ({
    name,
    isChosen: field === chosen,
    onChoose: () => setChosen(field),
  }))
  return (
    <Panel
      element={element}
      title={title}
      tabs={fields.length > 1 ? tabs : []}
      isStale={isStale}
      error={error}
      onTable={setTable}
      table={answer && groupsTable(chosen, answer)}
    >
      {answer !== undefined && (
        <Bars
          field={chosen}
          groups={answer.groups}
          other={answer.other}
          total={answer.totals.clicks}
          isChosen={(value) => isChosen(chosen, value)}
          onToggle={(value) => toggle(chosen, value)}
        />
      )}
    </Panel>
  )
}

/** Bars show no visitors, the table does. */
export function countedFor(isTable: boolean): Pick<StatsQuestion, 'visitors'> {
  return isTable ? {} : { visitors: 'none' }
}

/** Groups as a table. */
export function groupsTable(field: Field, { groups, other, totals }: Answer): TableContent {
  const rows = groups.map((group) => [
    valueName(field, group[field] ?? ''),
    countText(group.clicks),
    shareText(group.clicks, totals.clicks),
    countText(group.visitors),
  ])
  const rest =
    other === null
      ? []
      : [
          [
            'All others',
            countText(other.clicks),
            shareText(other.clicks, totals.clicks),
            countText(other.visitors),
          ],
        ]
  return {
    caption: `Clicks by ${FIELD_NAMES[field].toLowerCase()}`,
    columns: [FIELD_NAMES[field], METRIC_NAMES.clicks, 'Share', METRIC_NAMES.visitors],
    rows: [...rows, ...rest],
  }
}

/**
 * Clicks over time: one line, with the period it is compared with, or a line for each of several
 * links. Dragging over it asks for that time alone.
 */
import { useRef, useState } from 'preact/hooks'
import { download } from '../qr-image.ts'
import type { Curves } from './curve.ts'
import { zoomedTo } from './curve.ts'
import type { Dashboard } from './dashboard.ts'
import type { TableContent } from './figure-table.tsx'
import { LineChart } from './line-chart.tsx'
import { Panel } from './panel.tsx'
import { PictureButton } from './picture-button.tsx'
import { chartPng } from './picture.ts'
import type { Answered } from './use-answer.ts'
import { bucketName, countText, METRIC_NAMES } from './words.ts'

interface TimePanelProps {
  readonly dashboard: Dashboard
  readonly title: string
  readonly curves: Curves | undefined
  readonly answered: Answered
}

export function TimePanel({ dashboard, title, curves, answered }: TimePanelProps) {
  const [pointed, setPointed] = useState<number>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const { view, change, period, zone } = dashboard
  const nameOf = bucketName(period.interval, zone)
  const metric = METRIC_NAMES[view.metric]
  const index =
    pointed !== undefined && pointed < (curves?.starts.length ?? 0) ? pointed : undefined

  function zoom(from: number, to: number): void {
    const meant = zoomedTo(from, to, period)
    if (meant === undefined) return
    change((before) => ({ ...before, range: 'custom', from: meant[0], to: meant[1] }))
  }
  async function save(): Promise<void> {
    if (canvas.current === null) return
    const file = await chartPng(
      canvas.current.parentElement!,
      `${metric}, ${title}`,
      canvas.current,
    )
    download(file, 'clicks-over-time.png')
  }

  return (
    <Panel
      title={`${metric} over time`}
      class="figure-wide"
      isStale={answered.isStale}
      error={answered.error}
      table={curves && timeTable(curves, `${metric} over time`, nameOf)}
      actions={<PictureButton name="the chart" onClick={save} />}
    >
      {curves !== undefined && (
        <>
          <Legend curves={curves} index={index} nameOf={nameOf} />
          <LineChart
            curves={curves}
            zone={zone}
            label={`${metric} over time. The table has the numbers.`}
            canvas={canvas}
            onZoom={zoom}
            onPoint={setPointed}
          />
        </>
      )}
    </Panel>
  )
}

interface LegendProps {
  readonly curves: Curves
  readonly index: number | undefined
  readonly nameOf: (at: number) => string
}

function Legend({ curves: { starts, lines }, index, nameOf }: LegendProps) {
  return (
    <p class="legend" aria-hidden="true">
      {lines.map(({ name, values, kind }, line) => (
        <span key={name} class="legend-line">
          <span
            class={kind === 'before' ? 'legend-mark legend-before' : `legend-mark line-${line}`}
          />
          {name}
          {index !== undefined && <strong>{countText(values[index] ?? 0)}</strong>}
        </span>
      ))}
      <span class={index === undefined ? 'legend-when legend-hint muted' : 'legend-when muted'}>
        {index === undefined ? 'Drag to zoom' : nameOf(starts[index]!)}
      </span>
    </p>
  )
}

function timeTable(curves: Curves, caption: string, nameOf: (at: number) => string): TableContent {
  return {
    caption,
    columns: ['Time', ...curves.lines.map(({ name }) => name)],
    rows: curves.starts.map((start, index) => [
      nameOf(start),
      ...curves.lines.map(({ values }) => countText(values[index] ?? 0)),
    ]),
  }
}

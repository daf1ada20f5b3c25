/**
 * Lines over time, drawn by uPlot on a canvas. Used by the time panel.
 *
 * Draws in the colours of the style sheet, and anew when those change. Dragging over it tells the
 * time that was drawn over; what lies under the pointer is told as a place in the series. Pictures are
 * nothing to screen readers: the panel has the table.
 */
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { Curves, Line } from './curve.ts'
import { timeAxisText } from './axis-text.ts'
import { colourOf } from './picture.ts'
import { useColourScheme } from './use-colour-scheme.ts'
import { shortCount } from './words.ts'

interface LineChartProps {
  readonly curves: Curves
  readonly zone: string
  readonly label: string
  readonly canvas: RefObject<HTMLCanvasElement | null>
  /** Milliseconds since 1970. */
  readonly onZoom: (from: number, to: number) => void
  /** A place in the series; undefined: none. */
  readonly onPoint: (index: number | undefined) => void
}

const HEIGHT = 260
const HEIGHT_NARROW = 200
const NARROW = 560
/** The highest value is at least this, so that one click does not fill the chart. */
const TOP_MIN = 4
/** Steps of the scale, rising. */
const WHOLE_STEPS = Array.from(
  { length: 27 },
  (_, index) => [1, 2, 5][index % 3]! * 10 ** Math.floor(index / 3),
)

export function LineChart({ curves, zone, label, canvas, onZoom, onPoint }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const scheme = useColourScheme()
  const told = useRef({ onZoom, onPoint })
  told.current = { onZoom, onPoint }
  const shape = curves.lines.map(({ kind, name }) => `${kind} ${name}`).join()

  useEffect(() => {
    const element = place.current!
    const made = new uPlot(
      optionsOf(element, curves.lines, zone, {
        onZoom: (from, to) => told.current.onZoom(from, to),
        onPoint: (index) => told.current.onPoint(index),
      }),
      dataOf(curves),
      element,
    )
    chart.current = made
    canvas.current = made.ctx.canvas
    const resizing = new ResizeObserver(() => made.setSize(sizeOf(element)))
    resizing.observe(element)
    return () => {
      resizing.disconnect()
      made.destroy()
    }
  }, [shape, zone, scheme])
  useEffect(() => chart.current?.setData(dataOf(curves)), [curves])

  return <div ref={place} class="line-chart" role="img" aria-label={label} />
}

function dataOf({ starts, lines }: Curves): uPlot.AlignedData {
  return [starts.map((at) => at / 1000), ...lines.map(({ values }) => [...values])]
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  const width = Math.max(200, element.clientWidth)
  return { width, height: width < NARROW ? HEIGHT_NARROW : HEIGHT }
}

interface Told {
  readonly onZoom: (from: number, to: number) => void
  readonly onPoint: (index: number | undefined) => void
}

function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  zone: string,
  told: Told,
): uPlot.Options {
  const ink = colourOf(element, 'var(--muted)')
  const grid = { stroke: colourOf(element, 'var(--line)'), width: 1 }
  const font = '12px system-ui, sans-serif'
  return {
    ...sizeOf(element),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 8 } },
    scales: { y: { range: (_chart, _low, high) => [0, Math.max(TOP_MIN, (high || 0) * 1.08)] } },
    axes: [
      {
        stroke: ink,
        font,
        grid: { show: false },
        ticks: { show: false },
        space: 70,
        size: 28,
        values: (_chart, splits, _axis, _space, step) =>
          splits.map((seconds) => timeAxisText(seconds * 1000, step * 1000, zone)),
      },
      {
        stroke: ink,
        font,
        grid,
        ticks: { show: false },
        size: 48,
        incrs: WHOLE_STEPS,
        values: (_chart, splits) => splits.map((count) => shortCount(count)),
      },
    ],
    series: [{}, ...lines.map((line, index) => seriesOf(element, line, index))],
    hooks: {
      setCursor: [(chart) => told.onPoint(chart.cursor.idx ?? undefined)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select
          if (width <= 0) return
          const [from, to] = [left, left + width].map((x) => chart.posToVal(x, 'x') * 1000)
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          told.onZoom(from!, to!)
        },
      ],
    },
  }
}

function seriesOf(element: HTMLElement, line: Line, index: number): uPlot.Series {
  const isBefore = line.kind === 'before'
  const stroke = colourOf(element, isBefore ? 'var(--edge)' : `var(--line-${index})`)
  const points = { show: line.values.length === 1 }
  if (isBefore) return { label: line.name, stroke, width: 1.5, dash: [5, 4], points }
  if (line.kind === 'link') return { label: line.name, stroke, width: 2, points }
  return { label: line.name, stroke, width: 2, fill: colourOf(element, 'var(--line-fill)'), points }
}

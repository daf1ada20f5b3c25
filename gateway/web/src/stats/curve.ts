/**
 * What the time chart draws: times below, a line for each thing that is counted. Pure.
 *
 * A line of another period lies over this one, step by step: the third day on the third day.
 */
import type { Answer, Metric, SeriesPoint } from './answer.ts'
import type { Period } from './period.ts'

export interface Line {
  readonly name: string
  readonly values: readonly (number | null)[]
  /** The main one, one of several links, or the period it is compared with. */
  readonly kind: 'main' | 'link' | 'before'
}

export interface Curves {
  /** Starts of the steps; milliseconds since 1970. */
  readonly starts: readonly number[]
  readonly lines: readonly Line[]
}

/** Steps that begin in the future are left out: nothing can be there. */
function stepsOf(series: readonly SeriesPoint[], now: number): readonly SeriesPoint[] {
  return series.filter(({ start }) => Date.parse(start) <= now)
}

interface Drawn {
  readonly answer: Answer
  readonly metric: Metric
  readonly name: string
  readonly beforeName: string
  readonly now: number
}

export function curvesOf({ answer, metric, name, beforeName, now }: Drawn): Curves {
  const steps = stepsOf(answer.series, now)
  const main: Line = { name, values: steps.map((step) => step[metric] ?? null), kind: 'main' }
  if (answer.previous === undefined) return { starts: startsOf(steps), lines: [main] }
  const before = answer.previous.series
  const values = steps.map((_, index) => before[index]?.[metric] ?? null)
  return { starts: startsOf(steps), lines: [main, { name: beforeName, values, kind: 'before' }] }
}

/** Several links beside each other, by their names. */
export function linkCurves(
  answers: readonly (readonly [name: string, answer: Answer])[],
  metric: Metric,
  now: number,
): Curves {
  const longest =
    answers
      .map(([, { series }]) => stepsOf(series, now))
      .toSorted((a, b) => b.length - a.length)[0] ?? []
  const lines = answers.map(([name, { series }]): Line => {
    const byStart = new Map(series.map((step) => [step.start, step[metric] ?? null]))
    return { name, values: longest.map(({ start }) => byStart.get(start) ?? 0), kind: 'link' }
  })
  return { starts: startsOf(longest), lines }
}

const startsOf = (steps: readonly SeriesPoint[]) => steps.map(({ start }) => Date.parse(start))

/** The period that was drawn over, widened to whole minutes; undefined: too short to be meant. */
export function zoomedTo(
  from: number,
  to: number,
  { interval }: Period,
): readonly [number, number] | undefined {
  const shortest = interval === 'minute' ? SHORTEST_MINUTES_MS : SHORTEST_MS
  if (to - from < shortest) return undefined
  return [Math.floor(from / MINUTE_MS) * MINUTE_MS, Math.ceil(to / MINUTE_MS) * MINUTE_MS]
}

const MINUTE_MS = 60_000
const SHORTEST_MINUTES_MS = 5 * MINUTE_MS
const SHORTEST_MS = 15 * MINUTE_MS

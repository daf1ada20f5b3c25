/**
 * What the time chart of the dashboard draws: the chosen metric of what was answered.
 *
 * What was drawn before stays until an answer tells the metric: visitors are not counted unless they
 * are looked at.
 */
import { useMemo, useRef } from 'preact/hooks'
import { tellsMetric } from './clicks-api.ts'
import { curvesOf, linkCurves, type Curves } from './curve.ts'
import type { StatsView } from './stats-view.ts'
import type { Answered } from './use-answer.ts'
import type { Compared } from './use-compared.ts'
import { COMPARISON_NAMES, METRIC_NAMES } from './words.ts'

/** undefined: nothing was told yet. */
export function useCurves(
  { metric, compare }: StatsView,
  { answer, question }: Answered,
  compared: Compared | undefined,
  now: number,
): Curves | undefined {
  const drawn = useRef<Curves>(undefined)
  drawn.current = useMemo((): Curves | undefined => {
    if (compared !== undefined) return linkCurves(compared, metric, Date.now())
    if (answer === undefined) return undefined
    if (!tellsMetric(question, metric)) return drawn.current
    const name = METRIC_NAMES[metric]
    const beforeName = COMPARISON_NAMES[compare]
    return curvesOf({ answer, metric, name, beforeName, now: Date.now() })
  }, [answer, question, compared, metric, compare, now])
  return drawn.current
}

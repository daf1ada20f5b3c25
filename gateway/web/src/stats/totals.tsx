/**
 * The four numbers that people ask for first; each can be the one that the chart shows.
 */
import { METRICS, type Answer, type Metric } from './answer.ts'
import type { BotChoice } from './stats-view.ts'
import { changeText, countText, METRIC_NAMES } from './words.ts'

interface TotalsProps {
  readonly answer: Answer | undefined
  readonly bots: BotChoice
  readonly chosen: Metric
  readonly onChoose: (metric: Metric) => void
}

/** Where bots are left out, or people, there is nothing to tell apart. */
const ALIKE: readonly Metric[] = ['clicks', 'visitors']

export function Totals({ answer, bots, chosen, onChoose }: TotalsProps) {
  const metrics = bots === 'include' ? METRICS : ALIKE
  return (
    <div class="totals" role="group" aria-label="Totals, and what the chart shows">
      {metrics.map((metric) => {
        const count = answer?.totals[metric]
        const before = answer?.previous?.totals[metric]
        const change = count !== undefined && before !== undefined && changeText(count, before)
        return (
          <button
            key={metric}
            type="button"
            class="total"
            aria-pressed={metric === chosen}
            onClick={() => onChoose(metric)}
          >
            <span class="total-name">{METRIC_NAMES[metric]}</span>
            <span class="total-count" data-metric={metric}>
              {countText(count)}
            </span>
            {before !== undefined && (
              <span class="total-change muted">
                {change ? `${change} from ${countText(before)}` : `from ${countText(before)}`}
              </span>
            )}
          </button>
        )
      })}
    </div>
  )
}

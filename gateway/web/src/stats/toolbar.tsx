/**
 * What the dashboard is asked for: the time, the comparison, bots, the time zone; and the way to
 * take the visits along.
 */
import { useState } from 'preact/hooks'
import { Icon } from '../icon.tsx'
import { newReportAddress } from '../reports/report-time.ts'
import { download } from '../qr-image.ts'
import { toApiError, type ApiError } from '../service-call.ts'
import { FailureNotice } from '../failure-notice.tsx'
import { Choice } from './choice.tsx'
import { CustomRange } from './custom-range.tsx'
import type { Dashboard } from './dashboard.ts'
import { BOT_CHOICES, COMPARISONS, RANGES, withBots, type Range } from './stats-view.ts'
import { BOT_CHOICE_NAMES, COMPARISON_NAMES, RANGE_NAMES } from './words.ts'
import { ownZone } from './zone.ts'

const named = <Name extends string>(
  names: readonly Name[],
  words: Readonly<Record<Name, string>>,
) => names.map((name) => [name, words[name]] as const)

export function Toolbar({ dashboard }: { dashboard: Dashboard }) {
  const { view, change, period, zone } = dashboard
  const isComparingLinks = view.codes.length > 1
  return (
    <div class="toolbar">
      <RangeChoice dashboard={dashboard} />
      {!isComparingLinks && (
        <Choice
          label="Compare with"
          options={named(COMPARISONS, COMPARISON_NAMES)}
          value={view.compare}
          onChoose={(compare) => change((before) => ({ ...before, compare }))}
        />
      )}
      <Choice
        label="Bots"
        options={named(BOT_CHOICES, BOT_CHOICE_NAMES)}
        value={view.bots}
        onChoose={(bots) => change((before) => withBots(before, bots))}
      />
      <Choice
        label="Time zone"
        options={zonesFor(zone)}
        value={zone}
        onChoose={(chosen) =>
          change((before) => ({ ...before, zone: chosen === ownZone() ? undefined : chosen }))
        }
      />
      <a class="button toolbar-last" href={newReportAddress(view)}>
        Save as report
      </a>
      <VisitsDownload dashboard={dashboard} />
      {view.range === 'custom' && (
        <CustomRange
          from={period.from}
          to={period.to}
          zone={zone}
          onChoose={(from, to) => change((before) => ({ ...before, range: 'custom', from, to }))}
        />
      )}
    </div>
  )
}

function zonesFor(zone: string): readonly (readonly [string, string])[] {
  return [...new Set([ownZone(), 'UTC', zone])].map((name) => [name, name.replaceAll('_', ' ')])
}

function RangeChoice({ dashboard: { view, change, period } }: { dashboard: Dashboard }) {
  function choose(range: Range): void {
    const { from, to } = period
    change((before) => ({ ...before, range, ...(range === 'custom' ? { from, to } : {}) }))
  }
  return (
    <div class="choice" role="group" aria-label="Time">
      {RANGES.map((range) => (
        <button
          key={range}
          type="button"
          class="choice-one"
          aria-pressed={view.range === range}
          onClick={() => choose(range)}
        >
          {RANGE_NAMES[range]}
        </button>
      ))}
    </div>
  )
}

function VisitsDownload({ dashboard: { api, selection } }: { dashboard: Dashboard }) {
  const [isRunning, setRunning] = useState(false)
  const [failure, setFailure] = useState<ApiError>()

  async function save(): Promise<void> {
    if (isRunning) return
    setRunning(true)
    setFailure(undefined)
    try {
      download(await api.clicks.visitsFile(selection), 'visits.csv')
    } catch (error) {
      setFailure(toApiError(error))
    }
    setRunning(false)
  }
  return (
    <>
      <button type="button" class="button" aria-disabled={isRunning} onClick={() => void save()}>
        <Icon name="download" />
        {isRunning ? 'Reading …' : 'Visits as CSV'}
      </button>
      {failure !== undefined && <FailureNotice error={failure} onRetry={() => void save()} />}
    </>
  )
}

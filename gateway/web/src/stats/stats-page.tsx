/**
 * The dashboard: what was followed, how often, from where and when, as it happens. Used by the app.
 *
 * The address bar holds what it shows; every bar, country and hour narrows all of it. Each part asks
 * its own question, so that what is quick to count is not kept waiting by what is not.
 */
import { useCallback, useMemo } from 'preact/hooks'
import type { Api } from '../api.ts'
import { FailureNotice } from '../failure-notice.tsx'
import { shownCode } from '../full-code.ts'
import type { ApiError } from '../service-call.ts'
import type { LiveClick } from './answer.ts'
import { Chips } from './chips.tsx'
import type { Curves } from './curve.ts'
import { isChosenIn, toggledIn, type Dashboard } from './dashboard.ts'
import { fitsView } from './fitting.ts'
import { GroupsPanel } from './groups-panel.tsx'
import { LiveFeed } from './live-feed.tsx'
import { periodOf } from './period.ts'
import { PlacesPanel } from './places-panel.tsx'
import { TimePanel } from './time-panel.tsx'
import { Toolbar } from './toolbar.tsx'
import { Totals } from './totals.tsx'
import { useAnswer, type Answered } from './use-answer.ts'
import { useCompared } from './use-compared.ts'
import { useCurves } from './use-curves.ts'
import { useLiveClicks, type Live } from './use-live-clicks.ts'
import { useMinute } from './use-minute.ts'
import { useStatsView } from './use-stats-view.ts'
import { WeekPanel } from './week-panel.tsx'
import { countText, RANGE_NAMES } from './words.ts'
import { ownZone } from './zone.ts'

export function StatsPage({ api }: { api: Api }) {
  const [view, change] = useStatsView()
  const isWanted = useCallback((click: LiveClick) => fitsView(view, click), [view])
  const live = useLiveClicks(api, view.codes, isWanted)
  const now = useMinute()
  const zone = view.zone ?? ownZone()
  const dashboard = useMemo((): Dashboard => {
    const period = periodOf(view, zone, now)
    const { codes, filters, bots } = view
    return {
      api,
      view,
      change,
      period,
      zone,
      selection: { from: period.from, to: period.to, codes, filters, bots, zone },
      tick: live.tick,
      slowTick: live.slowTick,
      isChosen: (field, value) => isChosenIn(view, field, value),
      toggle: (field, value) => change((before) => toggledIn(before, field, value)),
    }
  }, [api, view, change, zone, now, live.tick, live.slowTick])

  return (
    <div class="stats">
      <header class="stats-header">
        <h1>{titleOf(view.codes)}</h1>
        <LiveLine live={live} />
      </header>
      <Toolbar dashboard={dashboard} />
      <Chips dashboard={dashboard} />
      <Figures dashboard={dashboard} live={live} now={now} />
    </div>
  )
}

function titleOf(codes: readonly string[]): string {
  if (codes.length === 0) return 'All links'
  return codes.map(shownCode).join(' and ')
}

const LIVE_WORDS = {
  connecting: 'Connecting …',
  live: 'Live',
  away: 'Not live: connecting again …',
}

function LiveLine({ live: { state, lastMinute } }: { live: Live }) {
  return (
    <p class="live muted">
      <span class={`live-mark live-${state}`} aria-hidden="true" />
      {LIVE_WORDS[state]}
      {state === 'live' && ` · ${countText(lastMinute)} in the last minute`}
    </p>
  )
}

interface FiguresProps {
  readonly dashboard: Dashboard
  readonly live: Live
  readonly now: number
}

function Figures({ dashboard, live, now }: FiguresProps) {
  const { api, selection, period, view, change, tick } = dashboard
  const compare = view.codes.length > 1 ? 'none' : view.compare
  // The totals show visitors; the chart does where they are chosen.
  const counted = view.metric === 'visitors' ? {} : { visitors: 'totals' as const }
  const question = { ...selection, interval: period.interval, compare, ...counted }
  const answered = useAnswer(api, question, tick)
  const compared = useCompared(dashboard)
  const curves = useCurves(view, answered, compared, now)
  const { answer, error } = answered
  const isAway = error !== undefined && answer === undefined
  const isEmpty = answer !== undefined && !answered.isStale && answer.totals.clicks === 0
  const isNarrowed = view.codes.length + view.filters.length > 0

  return (
    <>
      {error !== undefined && <StatsFailure error={error} />}
      {!isAway && (
        <Totals
          answer={answer}
          bots={view.bots}
          chosen={view.metric}
          onChoose={(metric) => change((before) => ({ ...before, metric }))}
        />
      )}
      {isEmpty && <NoClicks isNarrowed={isNarrowed} />}
      <div class="figures">
        {!isAway && !isEmpty && (
          <AnsweredFigures dashboard={dashboard} curves={curves} answered={answered} />
        )}
        <LiveFeed live={live} zone={dashboard.zone} />
      </div>
      <p class="attribution muted">
        <a href="https://db-ip.com" target="_blank" rel="noopener noreferrer">
          IP Geolocation by DB-IP
        </a>{' '}
        (CC BY 4.0)
      </p>
    </>
  )
}

interface AnsweredFiguresProps {
  readonly dashboard: Dashboard
  readonly curves: Curves | undefined
  readonly answered: Answered
}

function AnsweredFigures({ dashboard, curves, answered }: AnsweredFiguresProps) {
  const { view } = dashboard
  return (
    <>
      <TimePanel
        dashboard={dashboard}
        title={`${titleOf(view.codes)}, ${RANGE_NAMES[view.range].toLowerCase()}`}
        curves={curves}
        answered={answered}
      />
      <PlacesPanel dashboard={dashboard} />
      <GroupsPanel
        dashboard={dashboard}
        title="Sources"
        fields={[
          ['referrer', 'Referrer'],
          ['utmSource', 'Source'],
          ['utmMedium', 'Medium'],
          ['utmCampaign', 'Campaign'],
        ]}
      />
      <GroupsPanel
        dashboard={dashboard}
        title="Technology"
        fields={[
          ['browser', 'Browser'],
          ['os', 'System'],
          ['device', 'Device'],
        ]}
      />
      <GroupsPanel
        dashboard={dashboard}
        title="Links"
        fields={[
          ['code', 'Link'],
          ['tag', 'Tag'],
          ['rule', 'Rule'],
        ]}
      />
      <GroupsPanel
        dashboard={dashboard}
        title="Audience"
        fields={[
          ['language', 'Language'],
          ['network', 'Network'],
          ['botName', 'Bot'],
        ]}
      />
      <WeekPanel dashboard={dashboard} />
    </>
  )
}

function StatsFailure({ error }: { error: ApiError }) {
  if (error.code !== 'analytics_unavailable') return <FailureNotice error={error} />
  return (
    <div class="notice notice-failure">
      <p role="alert">
        Analytics is not running, so nothing can be counted just now. Short links work, and their
        clicks wait to be counted. This page asks again by itself.
      </p>
    </div>
  )
}

function NoClicks({ isNarrowed }: { isNarrowed: boolean }) {
  return (
    <div class="empty stats-empty">
      <p class="empty-title">No clicks in this time</p>
      <p>
        {isNarrowed
          ? 'None that fit what is chosen. Take a choice away above, or look at a longer time.'
          : 'Share a short link: who follows it shows here at once.'}
      </p>
    </div>
  )
}

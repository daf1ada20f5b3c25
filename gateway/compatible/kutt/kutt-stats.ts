/**
 * The statistics of one link as Kutt tells them: its visits of the last day, week, month and year.
 *
 * People alone are counted, as there. A period ends with the hour that it is now and has whole hours, so that its views
 * make up its total; its views are by hour, day (of 24 hours) or month before now.
 */
import type { Analytics } from '../../../clicks/analytics/analytics.ts'
import { GROUPS_MAX, type Question, type SeriesPoint } from '../../../clicks/store/question.ts'
import type { Code, EpochMs } from '../../../links/ids.ts'
import { formatIsoTime } from '../../api/iso-time.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

interface Period {
  readonly name: string
  readonly views: number
  readonly from: (hour: number) => number
  /** How many views before the last one. */
  readonly ago: (hour: number, start: number) => number
}

const days = (name: string, views: number): Period => ({
  name,
  views,
  from: (hour) => hour - views * DAY_MS + HOUR_MS,
  ago: (hour, start) => Math.floor((hour - start) / DAY_MS),
})

const PERIODS: readonly Period[] = [
  {
    name: 'lastDay',
    views: 24,
    from: (hour) => hour - 23 * HOUR_MS,
    ago: (hour, start) => (hour - start) / HOUR_MS,
  },
  days('lastWeek', 7),
  days('lastMonth', 30),
  { name: 'lastYear', views: 12, from: (hour) => yearBefore(hour) + HOUR_MS, ago: monthsBetween },
]

const BROWSERS = ['firefox', 'chrome', 'opera', 'safari', 'edge', 'ie', 'other']
const SYSTEMS = ['windows', 'macos', 'linux', 'android', 'ios', 'other']

interface KuttCount {
  readonly name: string
  readonly value: number
}

/** Our field, what Kutt calls it, the names that are always told, and what a value of ours is called. */
const GROUPS = [
  { field: 'browser', names: BROWSERS, nameOf: browserOf },
  { field: 'os', names: SYSTEMS, nameOf: systemOf },
  { field: 'country', names: [], nameOf: (text: string) => text.toLowerCase() || 'unknown' },
  { field: 'referrer', names: [], nameOf: referrerOf },
] as const

/** @throws TinygridError analytics_unavailable */
export async function kuttStatsOf(
  analytics: Pick<Analytics, 'ask'>,
  code: Code,
  now: EpochMs,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const hour = now - (now % HOUR_MS)
  const ask = (from: number, more: Partial<Question>) =>
    analytics.ask({ ...peopleOf(code, from, now), ...more }, signal)
  const { series } = await ask(yearBefore(hour) + HOUR_MS, { interval: 'hour' })
  const stats: Record<string, unknown> = {}
  for (const period of PERIODS) {
    const from = period.from(hour)
    const answers = await Promise.all(
      GROUPS.map(({ field }) => ask(from, { groupBy: [field], limit: GROUPS_MAX })),
    )
    const told = GROUPS.map(({ field, names, nameOf }, index) => {
      return [field, countsOf(names, nameOf, answers[index]!.groups)] as const
    })
    const views = viewsOf(period, series, hour)
    const total = views.reduce((sum, count) => sum + count, 0)
    stats[period.name] = { stats: Object.fromEntries(told), views, total }
  }
  return { ...stats, updatedAt: formatIsoTime(now) }
}

function peopleOf(code: Code, from: number, now: EpochMs): Question {
  return {
    code,
    from: from as EpochMs,
    to: (now + 1) as EpochMs,
    filters: [],
    bots: 'exclude',
    orphans: false,
    timezone: 'UTC',
    groupBy: [],
    limit: 0,
    visitors: 'none',
  }
}

function viewsOf(
  { views: count, from, ago }: Period,
  series: readonly SeriesPoint[],
  hour: number,
): number[] {
  const views = Array.from({ length: count }, () => 0)
  for (const { start, clicks } of series) {
    if (start < from(hour)) continue
    const index = Math.max(0, count - 1 - ago(hour, start))
    views[index] = views[index]! + clicks
  }
  return views
}

/** Most first. */
function countsOf(
  names: readonly string[],
  nameOf: (text: string) => string,
  groups: readonly { readonly values: readonly string[]; readonly clicks: number }[],
): KuttCount[] {
  const counts = new Map(names.map((name) => [name, 0]))
  for (const { values, clicks } of groups) {
    const name = nameOf(values[0]!)
    counts.set(name, (counts.get(name) ?? 0) + clicks)
  }
  return [...counts].map(([name, value]) => ({ name, value })).sort((a, b) => b.value - a.value)
}

function browserOf(text: string): string {
  const lower = text.toLowerCase()
  if (lower === 'internet explorer') return 'ie'
  return BROWSERS.find((name) => name !== 'ie' && lower.includes(name)) ?? 'other'
}

function systemOf(text: string): string {
  const lower = text.toLowerCase()
  return lower === 'ipados' ? 'ios' : (SYSTEMS.find((name) => lower.includes(name)) ?? 'other')
}

/** Written as Kutt keeps it. */
function referrerOf(host: string): string {
  return host.replace('www.', '').replaceAll('.', '[dot]') || 'direct'
}

function yearBefore(hour: number): number {
  const then = new Date(hour)
  return then.setUTCFullYear(then.getUTCFullYear() - 1)
}

/** Whole ones. */
function monthsBetween(hour: number, start: number): number {
  const [late, early] = [new Date(hour), new Date(start)]
  const years = late.getUTCFullYear() - early.getUTCFullYear()
  const months = 12 * years + late.getUTCMonth() - early.getUTCMonth()
  const isWhole = late.getUTCDate() * DAY_MS + (hour % DAY_MS) >= timeInMonth(early)
  return isWhole ? months : months - 1
}

function timeInMonth(time: Date): number {
  return time.getUTCDate() * DAY_MS + (time.getTime() % DAY_MS)
}

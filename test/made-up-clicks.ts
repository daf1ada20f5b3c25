/**
 * Made-up clicks behind the dashboard: its questions are answered in the browser's network layer by a
 * plain recount, so that stories know what it has to show.
 *
 * Used by the browser scenarios of the dashboard that are about the page alone. Nothing here is
 * streamed: live clicks are for the scenarios with the whole program.
 */
import type { Page, Route } from 'playwright-core'

export interface MadeUpClick {
  readonly code: string
  readonly at: number
  readonly kind: 'human' | 'bot'
  readonly visitor: string
  readonly country: string
  readonly browser: string
  readonly referrer: string
}

const INTERVALS_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}
const NOT_THERE = { code: 'analytics_unavailable', title: 'Unavailable', detail: 'No analytics' }

export class MadeUpClicks {
  readonly clicks: MadeUpClick[]
  /** The query of each question, in order. */
  readonly asked: URLSearchParams[] = []
  isThere = true

  constructor(clicks: readonly MadeUpClick[]) {
    this.clicks = [...clicks]
  }

  /** Answers the page from now on. */
  async answerTo(page: Page): Promise<void> {
    await page.route('**/api/stats?**', (route) => this.#answer(route))
    await page.route('**/api/events**', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: ': nothing\n\n' }),
    )
  }

  async #answer(route: Route): Promise<void> {
    const query = new URL(route.request().url()).searchParams
    this.asked.push(query)
    await (this.isThere
      ? route.fulfill({ json: this.#recount(query) })
      : route.fulfill({ status: 503, json: NOT_THERE }))
  }

  #recount(query: URLSearchParams) {
    const from = Date.parse(query.get('from')!)
    const to = Date.parse(query.get('to')!)
    const answer = this.#period(query, from, to)
    const groupBy = query.get('groupBy')?.split(',') ?? []
    const hasVisitors = !query.has('visitors')
    const chosen = this.#chosen(query, from, to)
    const groups = grouped(chosen, groupBy, query.get('timezone')!, hasVisitors)
    const limit = Number(query.get('limit') ?? 10)
    const rest = groups.slice(limit).reduce((sum, { clicks }) => sum + clicks, 0)
    return {
      ...answer,
      groups: groups.slice(0, limit),
      other: rest === 0 ? null : { clicks: rest, humans: rest, bots: 0 },
      ...(query.has('compare') ? { previous: this.#period(query, 2 * from - to, from) } : {}),
    }
  }

  #period(query: URLSearchParams, from: number, to: number) {
    const chosen = this.#chosen(query, from, to)
    const scope = query.get('visitors')
    const step = INTERVALS_MS[query.get('interval') ?? '']
    const steps = step === undefined ? 0 : Math.ceil((to - from) / step)
    const series = Array.from({ length: steps }, (_, index) => {
      const start = from + index * step!
      const inStep = chosen.filter(({ at }) => at >= start && at < start + step!)
      return { start: new Date(start).toISOString(), ...counted(inStep, scope === null) }
    })
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      totals: counted(chosen, scope !== 'none'),
      series,
    }
  }

  #chosen(query: URLSearchParams, from: number, to: number): readonly MadeUpClick[] {
    const zone = query.get('timezone')!
    const filters = query.getAll('filter').map((text) => {
      const colon = text.indexOf(':')
      return { field: text.slice(0, colon), values: text.slice(colon + 1).split(',') }
    })
    const bots = query.get('bots')
    return this.clicks.filter(
      (click) =>
        click.at >= from &&
        click.at < to &&
        (bots === 'include' || (click.kind === 'bot') === (bots === 'only')) &&
        filters.every(({ field, values }) => values.includes(valueOf(click, field, zone))),
    )
  }
}

function grouped(
  clicks: readonly MadeUpClick[],
  groupBy: readonly string[],
  zone: string,
  hasVisitors: boolean,
) {
  if (groupBy.length === 0) return []
  const groups = Map.groupBy(clicks, (click) =>
    JSON.stringify(groupBy.map((field) => [field, valueOf(click, field, zone)])),
  )
  return Array.from(groups, ([key, members]) => ({
    ...(Object.fromEntries(JSON.parse(key) as [string, string][]) as Record<string, string>),
    ...counted(members, hasVisitors),
  })).toSorted((a, b) => b.clicks - a.clicks)
}

function valueOf(click: MadeUpClick, field: string, zone: string): string {
  if (field === 'hourOfDay' || field === 'weekday') return wallClock(click.at, zone)[field]
  const value = Object.entries(click).find(([name]) => name === field)?.[1] as string | undefined
  return value ?? ''
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

function wallClock(at: number, timeZone: string): { hourOfDay: string; weekday: string } {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    weekday: 'short',
    hour: 'numeric',
    hourCycle: 'h23',
  })
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return {
    hourOfDay: String(Number(parts.get('hour'))),
    weekday: String(WEEKDAYS.indexOf(parts.get('weekday')!) + 1),
  }
}

function counted(clicks: readonly MadeUpClick[], hasVisitors: boolean) {
  const bots = clicks.filter(({ kind }) => kind === 'bot').length
  const visitors = new Set(clicks.map(({ visitor }) => visitor)).size
  const counts = { clicks: clicks.length, humans: clicks.length - bots, bots }
  return hasVisitors ? { ...counts, visitors } : counts
}

/**
 * Clicks of the last seven days for the links that are listed.
 *
 * One question for all links that are new in the list, grouped by link and weekday: seven days have
 * each weekday once. Without an answer there are no curves, and nothing else is amiss.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Api } from './api.ts'
import type { Entry } from './link-list-state.ts'
import { daysSinceMonday, midnight, ownZone } from './stats/zone.ts'

const SPARKLINE_DAYS = 7
/** As many values as a filter takes. */
const LINKS_PER_QUESTION_MAX = 100

/** By code: clicks of each day, the oldest first. */
export type Sparklines = ReadonlyMap<string, readonly number[]>

export function useSparklines(api: Api, entries: readonly Entry[]): Sparklines {
  const codes = entries.map(({ link }) => link.code)
  const [lines, setLines] = useState<Sparklines>(new Map())
  const asked = useRef(new Set<string>())
  useEffect(() => {
    asked.current = new Set()
    setLines(new Map())
  }, [api])
  useEffect(() => {
    const added = codes.filter((code) => !asked.current.has(code)).slice(0, LINKS_PER_QUESTION_MAX)
    if (added.length === 0) return
    for (const code of added) asked.current.add(code)
    clicksByDay(api, added, Date.now()).then(
      (found) => setLines((before) => new Map([...before, ...found])),
      () => undefined,
    )
  }, [api, codes.join()])
  return lines
}

async function clicksByDay(api: Api, codes: readonly string[], now: number): Promise<Sparklines> {
  const zone = ownZone()
  const from = midnight(now, zone, 1 - SPARKLINE_DAYS)
  const { groups } = await api.clicks.ask({
    from,
    to: midnight(now, zone, 1),
    codes,
    filters: [],
    bots: 'include',
    zone,
    groupBy: ['code', 'weekday'],
    limit: codes.length * SPARKLINE_DAYS,
    visitors: 'none',
  })
  const firstDay = daysSinceMonday(from, zone)
  const lines = new Map(
    codes.map((code) => [code, Array.from({ length: SPARKLINE_DAYS }, () => 0)]),
  )
  for (const { code = '', weekday, clicks } of groups) {
    const day = (Number(weekday) - 1 - firstDay + SPARKLINE_DAYS) % SPARKLINE_DAYS
    const line = lines.get(code)
    if (line !== undefined) line[day] = clicks
  }
  return lines
}

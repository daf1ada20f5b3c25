/** How the plain recount rolls clicks up by the hour. */
import type { EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import { ROLLED_UP_FIELDS } from '../store/click-store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Clicks that are alike, and how many; `visitors` are those that were here for the first time. */
export type CountedClick = PlacedClick & { readonly clicks: number; readonly visitors: number }

/** A click of which nothing is known. */
const UNKNOWN: Omit<PlacedClick, (typeof ROLLED_UP_FIELDS)[number] | 'at'> = {
  position: 0,
  index: 0,
  botName: '',
  asn: 0,
  network: '',
  networkType: '',
  ipVersion: 0,
  address: '',
  visitor: '',
  browserVersion: '',
  referrerPath: '',
  language: '',
  node: '',
  rule: 0,
}

export function rollUp(
  clicks: readonly PlacedClick[],
  from: EpochMs,
): { kept: PlacedClick[]; hours: CountedClick[] } {
  const day = Math.floor(from / DAY_MS) * DAY_MS
  const hours = new Map<string, CountedClick>()
  const seen = new Set<string>()
  for (const click of clicks.filter(({ at }) => at < day).sort(byOldest)) {
    const hour = Math.floor(click.at / HOUR_MS) * HOUR_MS
    const visit = `${click.code} ${Math.floor(click.at / DAY_MS)} ${click.visitor}`
    const isFirst = click.visitor !== '' && !seen.has(visit)
    seen.add(visit)
    const key = JSON.stringify([hour, ...ROLLED_UP_FIELDS.map((field) => click[field])])
    const alike = hours.get(key) ?? {
      ...click,
      ...UNKNOWN,
      at: hour as EpochMs,
      clicks: 0,
      visitors: 0,
    }
    const visitors = alike.visitors + (isFirst ? 1 : 0)
    hours.set(key, { ...alike, clicks: alike.clicks + 1, visitors })
  }
  return { kept: clicks.filter(({ at }) => at >= day), hours: [...hours.values()] }
}

function byOldest(a: PlacedClick, b: PlacedClick): number {
  return a.at - b.at || a.position - b.position || a.index - b.index
}

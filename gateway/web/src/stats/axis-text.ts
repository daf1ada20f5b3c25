/**
 * What stands below a chart over time. Pure, used by the line chart.
 */

const DAY_MS = 86_400_000
const MONTH_MS = 28 * DAY_MS
const formats = new Map<string, Intl.DateTimeFormat>()

/** @param step from one text to the next */
export function timeAxisText(at: number, step: number, zone: string): string {
  if (step >= MONTH_MS) return format(zone, { month: 'short', year: 'numeric' }).format(at)
  if (step >= DAY_MS) return format(zone, { month: 'short', day: 'numeric' }).format(at)
  const clock = format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
  if (clock !== '00:00') return clock
  return format(zone, { month: 'short', day: 'numeric' }).format(at)
}

function format(zone: string, style: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${zone} ${Object.keys(style).join()}`
  const known = formats.get(name)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en', { ...style, timeZone: zone })
  formats.set(name, made)
  return made
}

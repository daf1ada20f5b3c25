/**
 * Numbers, times and names of the dashboard, as people read them.
 *
 * In English, as the rest of the page. Names of countries and languages are the browser's own, so
 * the page carries no table of them.
 */
import { shownCode } from '../full-code.ts'
import type { Field, Metric } from './answer.ts'
import type { Interval } from './period.ts'
import type { BotChoice, Comparison, Range } from './stats-view.ts'

const counting = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 })
const change = new Intl.NumberFormat('en', {
  style: 'percent',
  maximumFractionDigits: 0,
  signDisplay: 'exceptZero',
})
const countries = new Intl.DisplayNames('en', { type: 'region' })
const languages = new Intl.DisplayNames('en', { type: 'language' })

/** undefined: not counted. */
export const countText = (count: number | undefined) =>
  count === undefined ? '–' : counting.format(count)
export const shortCount = (count: number) => compact.format(count)

export function shareText(part: number, whole: number): string {
  if (whole === 0) return '–'
  return part > 0 && part / whole < 0.005 ? '<1%' : percent.format(part / whole)
}

/** `+12%`; nothing to compare with: undefined. */
export function changeText(now: number, before: number): string | undefined {
  return before === 0 ? undefined : change.format(now / before - 1)
}

export const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  clicks: 'Clicks',
  humans: 'By people',
  bots: 'By bots',
  visitors: 'Visitors',
}

export const RANGE_NAMES: Readonly<Record<Range, string>> = {
  '24h': '24 h',
  '7d': '7 d',
  '30d': '30 d',
  '12m': '12 mo',
  custom: 'Custom',
}

export const BOT_CHOICE_NAMES: Readonly<Record<BotChoice, string>> = {
  exclude: 'Without bots',
  include: 'With bots',
  only: 'Only bots',
}

export const COMPARISON_NAMES: Readonly<Record<Comparison, string>> = {
  none: 'No comparison',
  previous: 'Period before',
  year: 'Year before',
}

export const FIELD_NAMES: Readonly<Record<Field, string>> = {
  country: 'Country',
  network: 'Network',
  referrer: 'Referrer',
  utmSource: 'UTM source',
  utmMedium: 'UTM medium',
  utmCampaign: 'UTM campaign',
  browser: 'Browser',
  os: 'System',
  device: 'Device',
  language: 'Language',
  botName: 'Bot',
  kind: 'Visitor',
  ipVersion: 'IP version',
  networkType: 'Kind of network',
  status: 'Status',
  rule: 'Rule',
  node: 'Node',
  tag: 'Tag',
  code: 'Link',
  domain: 'Domain',
  hourOfDay: 'Hour',
  weekday: 'Weekday',
}

export const WEEKDAYS = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const

/** What stands for a value that is not known. */
const UNKNOWN: Readonly<Partial<Record<Field, string>>> = {
  referrer: 'Direct or unknown',
  utmSource: 'No source',
  utmMedium: 'No medium',
  utmCampaign: 'No campaign',
  botName: 'No bot',
  rule: 'No rule',
  tag: 'No tag',
  domain: 'Default domain',
}

export function valueName(field: Field, value: string): string {
  if (value === '') return UNKNOWN[field] ?? 'Unknown'
  switch (field) {
    case 'country':
      return named(countries, value)
    case 'language':
      return named(languages, value)
    case 'hourOfDay':
      return hourName(Number(value))
    case 'weekday':
      return WEEKDAYS[Number(value) - 1] ?? value
    case 'code':
      return shownCode(value)
    case 'device':
    case 'kind':
      return value[0]!.toUpperCase() + value.slice(1)
    default:
      return value
  }
}

export const hourName = (hour: number) => `${String(hour).padStart(2, '0')}:00`

function named(names: Intl.DisplayNames, value: string): string {
  try {
    return names.of(value) ?? value
  } catch {
    return value
  }
}

const BUCKET_STYLES: Readonly<Record<Interval, Intl.DateTimeFormatOptions>> = {
  minute: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  hour: { weekday: 'short', month: 'short', day: 'numeric', hour: '2-digit', hourCycle: 'h23' },
  day: { weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' },
  week: { month: 'short', day: 'numeric', year: 'numeric' },
  month: { month: 'long', year: 'numeric' },
}

/** The name of a step of the curve, `Mon, Mar 4, 2026`. */
export function bucketName(interval: Interval, zone: string): (at: number) => string {
  const style = { ...BUCKET_STYLES[interval], timeZone: zone }
  const format = new Intl.DateTimeFormat('en', style)
  const prefix = interval === 'week' ? 'Week of ' : ''
  const suffix = interval === 'hour' ? ':00' : ''
  return (at) => `${prefix}${format.format(at)}${suffix}`
}

export function clockText(at: number, zone: string): string {
  return new Intl.DateTimeFormat('en', {
    timeStyle: 'medium',
    hourCycle: 'h23',
    timeZone: zone,
  }).format(at)
}

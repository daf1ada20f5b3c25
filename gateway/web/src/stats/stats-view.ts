/**
 * What the dashboard is asked to show, and how the address bar holds it. Pure.
 *
 * `#/stats?code=jazz&range=30d&compare=previous&bots=exclude&filter=country:DE,AT`: whatever is as
 * always is left out, and what cannot be understood is passed over, so that an address typed by hand
 * or made by a newer page still shows something. Every change makes a new address; that is what makes
 * Back go back.
 */
import { FIELDS, METRICS, type Field, type Metric } from './answer.ts'
import { isZone } from './zone.ts'

export const RANGES = ['24h', '7d', '30d', '12m', 'custom'] as const
export type Range = (typeof RANGES)[number]

export const BOT_CHOICES = ['include', 'exclude', 'only'] as const
export type BotChoice = (typeof BOT_CHOICES)[number]

export const COMPARISONS = ['none', 'previous', 'year'] as const
export type Comparison = (typeof COMPARISONS)[number]

export const COMPARED_LINKS_MAX = 4

export interface Filter {
  readonly field: Field
  /** Any of these; empty text: not known. */
  readonly values: readonly string[]
}

export interface StatsView {
  /** None: all links. Several: beside each other. */
  readonly codes: readonly string[]
  readonly range: Range
  /** Of a custom range; milliseconds since 1970. */
  readonly from: number | undefined
  readonly to: number | undefined
  readonly filters: readonly Filter[]
  readonly bots: BotChoice
  readonly compare: Comparison
  readonly metric: Metric
  /** undefined: the browser's. */
  readonly zone: string | undefined
}

const STATS_ADDRESS = '#/stats'

export const USUAL_VIEW: StatsView = {
  codes: [],
  range: '30d',
  from: undefined,
  to: undefined,
  filters: [],
  bots: 'include',
  compare: 'none',
  metric: 'clicks',
  zone: undefined,
}

export function viewOf(hash: string): StatsView {
  const start = hash.indexOf('?')
  const given = new URLSearchParams(start < 0 ? '' : hash.slice(start + 1))
  const from = timeOf(given.get('from'))
  const to = timeOf(given.get('to'))
  const isCustom = from !== undefined && to !== undefined && from < to
  const range = oneOf(RANGES, given.get('range'), USUAL_VIEW.range)
  const zone = given.get('timezone')
  return {
    codes: [...new Set(given.getAll('code'))].filter(Boolean).slice(0, COMPARED_LINKS_MAX),
    range: isCustom ? 'custom' : range === 'custom' ? USUAL_VIEW.range : range,
    from: isCustom ? from : undefined,
    to: isCustom ? to : undefined,
    filters: given.getAll('filter').flatMap(parsedFilter),
    bots: oneOf(BOT_CHOICES, given.get('bots'), USUAL_VIEW.bots),
    compare: oneOf(COMPARISONS, given.get('compare'), USUAL_VIEW.compare),
    metric: oneOf(METRICS, given.get('metric'), USUAL_VIEW.metric),
    zone: zone !== null && isZone(zone) ? zone : undefined,
  }
}

export function addressOf(view: StatsView): string {
  const parts: [name: string, value: string][] = view.codes.map((code) => ['code', code])
  if (view.range === 'custom' && view.from !== undefined && view.to !== undefined) {
    parts.push(['from', isoText(view.from)], ['to', isoText(view.to)])
  } else if (view.range !== USUAL_VIEW.range) parts.push(['range', view.range])
  for (const name of ['bots', 'compare', 'metric'] as const) {
    if (view[name] !== USUAL_VIEW[name]) parts.push([name, view[name]])
  }
  if (view.zone !== undefined) parts.push(['timezone', view.zone])
  parts.push(...view.filters.map(({ field, values }) => filterPart(field, values)))
  if (parts.length === 0) return STATS_ADDRESS
  const text = parts.map(([name, value]) => `${name}=${readable(value)}`)
  return `${STATS_ADDRESS}?${text.join('&')}`
}

/** One value more in the filter on a field, or one less if it was there. */
export function toggled(view: StatsView, field: Field, value: string): StatsView {
  const values = view.filters.find((filter) => filter.field === field)?.values ?? []
  const next = values.includes(value) ? values.filter((one) => one !== value) : [...values, value]
  return filtered(view, field, next)
}

/** `values` and no others; none of them takes the filter away. */
export function filtered(view: StatsView, field: Field, values: readonly string[]): StatsView {
  const others = view.filters.filter((filter) => filter.field !== field)
  return { ...view, filters: values.length === 0 ? others : [...others, { field, values }] }
}

export function isFiltered(view: StatsView, field: Field, value: string): boolean {
  return view.filters.some((filter) => filter.field === field && filter.values.includes(value))
}

/** Where only people, or only bots, count, they are not told apart. */
export function withBots(view: StatsView, bots: BotChoice): StatsView {
  const isKept = bots === 'include' || view.metric === 'visitors'
  return { ...view, bots, metric: isKept ? view.metric : 'clicks' }
}

/** As the API takes a filter: a comma or backslash inside a value has a backslash in front. */
export function filterText({ field, values }: Filter): string {
  return `${field}:${values.map((value) => value.replaceAll(/[\\,]/g, String.raw`\$&`)).join(',')}`
}

function filterPart(field: Field, values: readonly string[]): [string, string] {
  return ['filter', filterText({ field, values })]
}

/** The filter that `filterText` gave this text, in a list; none: the text is none. */
export function parsedFilter(text: string): Filter[] {
  const colon = text.indexOf(':')
  const field = FIELDS.find((name) => name === text.slice(0, colon))
  if (colon < 0 || field === undefined) return []
  return [{ field, values: [...new Set(split(text.slice(colon + 1)))] }]
}

function split(text: string): string[] {
  const values = ['']
  for (let index = 0; index < text.length; index++) {
    const sign = text[index]!
    if (sign === ',') values.push('')
    else values.push(values.pop()! + (sign === '\\' ? (text[++index] ?? '') : sign))
  }
  return values
}

/** What an address may hold as it is stays as it is: people read addresses. */
const readable = (value: string) =>
  encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/')

const isoText = (at: number) => new Date(at).toISOString()

function timeOf(text: string | null): number | undefined {
  const at = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

function oneOf<Name extends string>(names: readonly Name[], given: string | null, usual: Name) {
  return names.find((name) => name === given) ?? usual
}

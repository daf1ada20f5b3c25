/**
 * A report as it stands in the form, and as the service takes it. Pure.
 *
 * A report can be begun from what the dashboard shows: its address carries the range, the filters, the
 * links, bots and the time zone over.
 */
import type { Field } from '../stats/answer.ts'
import type { Interval } from '../stats/period.ts'
import { filterText, parsedFilter, type BotChoice, type StatsView } from '../stats/stats-view.ts'
import type { Report, ReportFields, ReportPeriod, Schedule } from './reports-api.ts'

/** Values are separated by commas; a comma inside of one has a backslash in front. */
export interface FilterDraft {
  readonly field: Field
  readonly values: string
}

export interface ReportDraft {
  readonly name: string
  readonly period: ReportPeriod
  readonly timezone: string
  readonly code: string
  readonly filters: readonly FilterDraft[]
  readonly bots: BotChoice
  /** Empty: no curve. */
  readonly interval: Interval | ''
  /** Up to two; empty: none. */
  readonly groupBy: readonly [Field | '', Field | '']
  readonly limit: string
  /** `directory`, the id of a webhook, or empty: it is not sent. */
  readonly schedule: string
  readonly hour: string
}

const DIRECTORY = 'directory'
const USUAL_HOUR = '7'
const PERIOD_OF_RANGE = {
  '24h': 'day',
  '7d': 'week',
  '30d': 'month',
  '12m': 'month',
  custom: 'month',
} as const

export function newReportDraft(zone: string): ReportDraft {
  return {
    name: '',
    period: 'week',
    timezone: zone,
    code: '',
    filters: [],
    bots: 'exclude',
    interval: 'day',
    groupBy: ['country', ''],
    limit: '20',
    schedule: '',
    hour: USUAL_HOUR,
  }
}

/** Of what the dashboard shows. Several links are a filter. */
export function draftOfView(view: StatsView, zone: string): ReportDraft {
  const period = PERIOD_OF_RANGE[view.range]
  const codes = view.codes.length > 1 ? [{ field: 'code' as const, values: view.codes }] : []
  return {
    ...newReportDraft(view.zone ?? zone),
    period,
    interval: period === 'day' ? 'hour' : 'day',
    code: view.codes.length === 1 ? view.codes[0]! : '',
    filters: filterDraftsOf([...view.filters, ...codes]),
    bots: view.bots,
  }
}

export function draftOfReport(report: Report): ReportDraft {
  const { name, period, timezone, code, filters, bots, interval, groupBy, limit } = report
  const [first = '', second = ''] = groupBy
  return {
    name,
    period,
    timezone,
    code: code ?? '',
    filters: filterDraftsOf(filters),
    bots,
    interval: interval ?? '',
    groupBy: [first, second],
    limit: String(limit),
    schedule: scheduleText(report.schedule),
    hour: String(report.schedule?.hour ?? USUAL_HOUR),
  }
}

export function reportFieldsOf(draft: ReportDraft): ReportFields {
  const { name, period, timezone, code, filters, bots, interval, groupBy, limit } = draft
  return {
    name,
    period,
    timezone: timezone.trim(),
    code: code.trim() === '' ? null : code.trim().replace(/^\//, ''),
    filters: filters.flatMap(({ field, values }) => {
      return parsedFilter(`${field}:${values}`).map((filter) => ({
        field: filter.field,
        values: filter.values.map((value) => value.trim()),
      }))
    }),
    bots,
    interval: interval === '' ? null : interval,
    groupBy: groupBy.filter((field) => field !== ''),
    limit: numberOrText(limit),
    schedule: scheduleOf(draft),
  }
}

function filterDraftsOf(filters: ReportFields['filters']): FilterDraft[] {
  return filters.map((filter) => ({
    field: filter.field,
    values: filterText(filter).slice(filter.field.length + 1),
  }))
}

function scheduleText(schedule: Schedule | null): string {
  if (schedule === null) return ''
  return schedule.to === DIRECTORY ? DIRECTORY : schedule.to.webhook
}

function scheduleOf({ schedule, hour }: ReportDraft): Schedule | null {
  if (schedule === '') return null
  const to = schedule === DIRECTORY ? schedule : { webhook: schedule }
  return { hour: Number(hour), to }
}

const numberOrText = (text: string) => (/^\d+$/.test(text.trim()) ? Number(text) : text)

/**
 * Which period of a report is looked at, and how the address bar holds it. Pure.
 *
 * `#/reports/ID?date=2026-03-04` is the period with that day in it; without a date it is the last one
 * that has ended. The service is asked for the last period that had ended at a moment, so that moment is
 * where the period with the day ends, or later by less than a period.
 */
import { addressOf, type StatsView } from '../stats/stats-view.ts'
import { dateStart, midnight } from '../stats/zone.ts'
import type { ReportPeriod } from './reports-api.ts'

export interface ReportPlace {
  readonly id: string
  /** `2026-03-04`; undefined: the last period. */
  readonly date: string | undefined
}

const REPORTS_ADDRESS = '#/reports'
const PLACE = /^#\/reports\/([a-z0-9-]{12})(?:\?date=(\d{4}-\d{2}-\d{2}))?$/
const WEEK_DAYS = 7

/** undefined: the list. */
export function reportPlaceOf(hash: string): ReportPlace | undefined {
  const [, id, date] = PLACE.exec(hash) ?? []
  return id === undefined ? undefined : { id, date }
}

export function reportAddress(id: string, date?: string): string {
  return `${REPORTS_ADDRESS}/${id}${date === undefined ? '' : `?date=${date}`}`
}

/** Where a report is begun from what the dashboard shows. */
export function newReportAddress(view: StatsView): string {
  return addressOf(view).replace(/^#\/stats/, `${REPORTS_ADDRESS}/new`)
}

export const isNewReport = (hash: string) => /^#\/reports\/new(\?|$)/.test(hash)

/** A moment at which the period with this day was the last one that had ended. */
export function momentOf(period: ReportPeriod, date: string, zone: string): number | undefined {
  const start = dateStart(date, zone)
  if (start === undefined) return undefined
  if (period !== 'month') return midnight(start, zone, period === 'day' ? 1 : WEEK_DAYS)
  const [year, month] = date.split('-').map(Number)
  return dateStart(new Date(Date.UTC(year!, month, 1)).toISOString().slice(0, 10), zone)
}

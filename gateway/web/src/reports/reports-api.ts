/**
 * What the service is asked about reports. Part of `api.ts`, used by the pages of reports.
 */
import type { Failure } from '../hooks/hooks-api.ts'
import { bodyOf, type Call } from '../service-call.ts'
import type { Counts, Field, SeriesPoint } from '../stats/answer.ts'
import type { Interval } from '../stats/period.ts'
import type { BotChoice, Filter } from '../stats/stats-view.ts'

export const PERIODS = ['day', 'week', 'month'] as const
export type ReportPeriod = (typeof PERIODS)[number]

export interface Schedule {
  readonly hour: number
  readonly to: 'directory' | { readonly webhook: string }
}

export interface ReportFields {
  readonly name: string
  readonly period: ReportPeriod
  readonly timezone: string
  readonly code: string | null
  readonly filters: readonly Filter[]
  readonly bots: BotChoice
  readonly interval: Interval | null
  readonly groupBy: readonly Field[]
  /** What is no number is left to the service to refuse. */
  readonly limit: number | string
  readonly schedule: Schedule | null
}

/** Times are ISO 8601 in UTC. */
export interface Report extends ReportFields {
  readonly id: string
  readonly createdAt: string
  /** The end of the last period that was sent. */
  readonly sentTo: string | null
  readonly lastFailure: Failure | null
}

export interface ReportGroup extends Counts {
  /** One for each field of `groupBy`; empty: not known. */
  readonly values: readonly string[]
}

export interface ReportResult {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly totals: Counts
  readonly series: readonly SeriesPoint[]
  readonly groups: readonly ReportGroup[]
  readonly other: Counts | null
}

export interface ReportsApi {
  list(signal?: AbortSignal): Promise<readonly Report[]>
  add(fields: ReportFields): Promise<void>
  change(id: string, changes: ReportFields): Promise<void>
  remove(id: string): Promise<void>
  /** @param at the last period that had ended then; undefined: now */
  result(id: string, at: number | undefined, signal?: AbortSignal): Promise<ReportResult>
  resultFile(id: string, at: number | undefined, format: FileFormat): Promise<Blob>
}

const PATH = '/api/reports'
const pathOf = (id: string) => `${PATH}/${encodeURIComponent(id)}`

export function reportsApi(call: Call): ReportsApi {
  return {
    async list(signal) {
      const body = (await bodyOf(await call('GET', PATH, { signal }))) as { reports: Report[] }
      return body.reports
    },
    async add(fields) {
      await call('POST', PATH, { body: fields })
    },
    async change(id, changes) {
      await call('PATCH', pathOf(id), { body: changes })
    },
    async remove(id) {
      await call('DELETE', pathOf(id))
    },
    async result(id, at, signal) {
      const path = resultPath(id, at, 'json')
      return (await bodyOf(await call('GET', path, { signal }))) as ReportResult
    },
    async resultFile(id, at, format) {
      const headers = { Accept: '*/*' }
      return (await call('GET', resultPath(id, at, format), { headers })).blob()
    },
  }
}

export type FileFormat = 'csv' | 'parquet'

function resultPath(id: string, at: number | undefined, format: 'json' | FileFormat): string {
  const parameters = new URLSearchParams({ format })
  if (at !== undefined) parameters.set('at', new Date(at).toISOString())
  return `${pathOf(id)}/result?${parameters}`
}

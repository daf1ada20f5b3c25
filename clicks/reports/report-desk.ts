/**
 * What the API asks about reports, wherever they run.
 *
 * Every method rejects with analytics_unavailable while nothing can run them, with not_found for an id that
 * there is not, and with the errors of `newReport` for what cannot be one.
 */
import type { EpochMs } from '../../links/ids.ts'
import type { Answer } from '../store/question.ts'
import type { Span } from './report-period.ts'
import type { Report } from './report.ts'

export interface ReportDesk {
  list(): Promise<readonly ReportStatus[]>
  add(given: unknown): Promise<ReportStatus>
  change(id: string, given: unknown): Promise<ReportStatus>
  remove(id: string): Promise<void>
  /** Of the last period that has ended by a moment. */
  result(id: string, at: EpochMs): Promise<ReportResult>
  /** The same as a file of Parquet, with the rows that the CSV has. */
  parquet(id: string, at: EpochMs): Promise<Uint8Array>
}

export interface ReportStatus extends Report {
  /** The end of the last period that was sent; null: none was. */
  readonly sentTo: EpochMs | null
  readonly lastFailure: { readonly at: EpochMs; readonly reason: string } | null
}

export interface ReportResult extends Span {
  readonly report: Report
  readonly answer: Answer
}

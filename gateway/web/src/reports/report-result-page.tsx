/**
 * The answer of a report for one period: to look at, to print on a page, to take along.
 *
 * Printing shows the answer alone (`style/print.css`), so that the browser's "save as PDF" makes the
 * report's file.
 */
import { useCallback, useRef, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { FailureNotice } from '../failure-notice.tsx'
import { shownCode } from '../full-code.ts'
import { Icon } from '../icon.tsx'
import { download } from '../qr-image.ts'
import { toApiError, type ApiError } from '../service-call.ts'
import { chartPng } from '../stats/picture.ts'
import { METRIC_NAMES } from '../stats/words.ts'
import { dateText } from '../stats/zone.ts'
import { useLoaded } from '../use-loaded.ts'
import { ReportFigures } from './report-figures.tsx'
import { momentOf, reportAddress } from './report-time.ts'
import { filterTexts, spanText, zoneName } from './report-words.ts'
import type { FileFormat, Report, ReportResult } from './reports-api.ts'

const REFRESH_MS = 60_000

interface ReportResultPageProps {
  readonly api: Api
  readonly report: Report
  readonly date: string | undefined
}

export function ReportResultPage({ api, report, date }: ReportResultPageProps) {
  const { id, period, timezone } = report
  const at = date === undefined ? undefined : momentOf(period, date, timezone)
  const asked = JSON.stringify(report)
  const load = useCallback(
    (signal: AbortSignal) => api.reports.result(id, at, signal),
    [api, id, at, asked],
  )
  const { value: result, error, reload } = useLoaded(load, REFRESH_MS)
  const canvas = useRef<HTMLCanvasElement>(null)
  const what = report.code === null ? [] : [shownCode(report.code)]
  return (
    <article class="report">
      <header class="report-header">
        <a class="report-back" href="#/reports">
          All reports
        </a>
        <h1>{report.name}</h1>
        {result !== undefined && (
          <p class="report-span">
            {spanText(result.from, result.to, timezone)}
            {Date.parse(result.to) > Date.now() && ' (not over yet)'}
          </p>
        )}
        <p class="muted">{[...what, ...filterTexts(report), zoneName(timezone)].join(' · ')}</p>
      </header>
      <Tools api={api} report={report} at={at} result={result} canvas={canvas} />
      {error !== undefined && <FailureNotice error={error} onRetry={reload} />}
      {result === undefined && error === undefined && <p class="muted">Counting …</p>}
      {result !== undefined && <ReportFigures report={report} result={result} canvas={canvas} />}
    </article>
  )
}

interface ToolsProps {
  readonly api: Api
  readonly report: Report
  readonly at: number | undefined
  readonly result: ReportResult | undefined
  readonly canvas: { readonly current: HTMLCanvasElement | null }
}

function Tools({ api, report, at, result, canvas }: ToolsProps) {
  const [failure, setFailure] = useState<ApiError>()
  const { id, name, interval } = report
  const day = result?.from.slice(0, 10) ?? ''

  async function save(read: () => Promise<Blob>, ending: string): Promise<void> {
    setFailure(undefined)
    try {
      download(await read(), `${name}-${day}.${ending}`)
    } catch (error) {
      setFailure(toApiError(error))
    }
  }
  const file = (format: FileFormat) => () => api.reports.resultFile(id, at, format)
  const png = () =>
    chartPng(canvas.current!.parentElement!, `${METRIC_NAMES.clicks}, ${name}`, canvas.current!)

  return (
    <div class="toolbar report-tools">
      {result !== undefined && <PeriodChoice report={report} result={result} />}
      <button
        type="button"
        class="button toolbar-last"
        onClick={() => void save(file('csv'), 'csv')}
      >
        <Icon name="download" />
        CSV
      </button>
      <button type="button" class="button" onClick={() => void save(file('parquet'), 'parquet')}>
        <Icon name="download" />
        Parquet
      </button>
      {interval !== null && (
        <button
          type="button"
          class="button"
          disabled={result === undefined || result.series.length < 2}
          onClick={() => void save(png, 'png')}
        >
          <Icon name="download" />
          Chart as PNG
        </button>
      )}
      <button type="button" class="button" onClick={() => window.print()}>
        Print or PDF
      </button>
      {failure !== undefined && <FailureNotice error={failure} />}
    </div>
  )
}

function PeriodChoice({ report, result }: { report: Report; result: ReportResult }) {
  const { id, period, timezone } = report
  const from = Date.parse(result.from)
  const to = Date.parse(result.to)
  const isLast = to > Date.now()
  return (
    <div class="report-period">
      <a class="button" href={reportAddress(id, dateText(from - 1, timezone))}>
        {`Earlier ${period}`}
      </a>
      <label>
        <span class="visually-hidden">{`The ${period} with the day`}</span>
        <input
          type="date"
          value={dateText(from, timezone)}
          max={dateText(Date.now(), timezone)}
          onChange={({ currentTarget: { value } }) => {
            if (value !== '') location.hash = reportAddress(id, value)
          }}
        />
      </label>
      {!isLast && (
        <a class="button" href={reportAddress(id, dateText(to, timezone))}>
          {`Later ${period}`}
        </a>
      )}
    </div>
  )
}

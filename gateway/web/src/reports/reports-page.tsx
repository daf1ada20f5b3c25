/**
 * Saved reports, and the answer of one of them. Used by the app, fetched when it is first looked at.
 *
 * The address bar says which report and which day; a report can be begun from what the dashboard shows.
 */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { FailureNotice } from '../failure-notice.tsx'
import { useMay } from '../person.ts'
import { viewOf } from '../stats/stats-view.ts'
import { ownZone } from '../stats/zone.ts'
import { useLoaded } from '../use-loaded.ts'
import { ReportCard } from './report-card.tsx'
import { ReportDialog } from './report-dialog.tsx'
import { draftOfView, newReportDraft } from './report-draft.ts'
import { ReportResultPage } from './report-result-page.tsx'
import { isNewReport, reportPlaceOf } from './report-time.ts'

const REFRESH_MS = 15_000

export function ReportsPage({ api }: { api: Api }) {
  const hash = useHash()
  const isAdmin = useMay('admin')
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [reports, webhooks] = await Promise.all([
        api.reports.list(signal),
        isAdmin ? api.hooks.list(signal) : [],
      ])
      return { reports, webhooks }
    },
    [api, isAdmin],
  )
  const { value, error, reload } = useLoaded(load, REFRESH_MS)
  const place = reportPlaceOf(hash)
  const report = place && value?.reports.find(({ id }) => id === place.id)
  return (
    <div class="hooks">
      {place === undefined && <ListHeader />}
      {error !== undefined && <FailureNotice error={error} onRetry={reload} />}
      {value === undefined && error === undefined && <p class="muted">Loading …</p>}
      {value !== undefined && place === undefined && (
        <List api={api} {...value} onChanged={reload} />
      )}
      {value !== undefined && place !== undefined && report === undefined && (
        <p>
          There is no such report. <a href="#/reports">All reports</a>
        </p>
      )}
      {place !== undefined && report !== undefined && (
        <ReportResultPage key={report.id} api={api} report={report} date={place.date} />
      )}
      {value !== undefined && isNewReport(hash) && (
        <ReportDialog
          api={api}
          id={undefined}
          initial={
            hash.includes('?') ? draftOfView(viewOf(hash), ownZone()) : newReportDraft(ownZone())
          }
          webhooks={value.webhooks}
          onSaved={reload}
          onClose={leaveDialog}
        />
      )}
    </div>
  )
}

/** Going back would leave the page where the dialog was opened by an address. */
function leaveDialog(): void {
  if (!isNewReport(location.hash)) return
  history.replaceState(null, '', '#/reports')
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

function useHash(): string {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const onHashChange = () => setHash(location.hash)
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [])
  return hash
}

function ListHeader() {
  const mayEdit = useMay('edit')
  return (
    <header class="hooks-header">
      <h1>Reports</h1>
      {mayEdit && (
        <a class="button button-primary" href="#/reports/new">
          New report
        </a>
      )}
    </header>
  )
}

interface ListProps extends Omit<Parameters<typeof ReportCard>[0], 'report'> {
  readonly reports: readonly Parameters<typeof ReportCard>[0]['report'][]
}

function List({ reports, ...rest }: ListProps) {
  if (reports.length === 0) {
    return (
      <div class="empty">
        <p class="empty-title">No report yet</p>
        <p>
          A report is a question about clicks that is answered anew for each day, week or month: to
          look at, to print, as CSV, or sent when the period has ended.
        </p>
      </div>
    )
  }
  return (
    <ul class="hook-list">
      {reports.map((report) => (
        <ReportCard key={report.id} report={report} {...rest} />
      ))}
    </ul>
  )
}

/**
 * One saved report in the list: what it asks, when it is sent, how that went, and what can be done.
 */
import { useCallback, useState } from 'preact/hooks'
import { useAnnounce } from '../announcer.tsx'
import type { Api } from '../api.ts'
import { Fact } from '../fact.tsx'
import { timeText } from '../hooks/hook-words.ts'
import type { Webhook } from '../hooks/hooks-api.ts'
import { useMay } from '../person.ts'
import { RemoveDialog } from '../remove-dialog.tsx'
import { ReportDialog } from './report-dialog.tsx'
import { draftOfReport } from './report-draft.ts'
import { reportAddress } from './report-time.ts'
import { askedText, scheduleText, sentText } from './report-words.ts'
import type { Report } from './reports-api.ts'

interface ReportCardProps {
  readonly api: Api
  readonly report: Report
  readonly webhooks: readonly Webhook[]
  readonly onChanged: () => void
}

export function ReportCard({ api, report, webhooks, onChanged }: ReportCardProps) {
  const announce = useAnnounce()
  const mayEdit = useMay('edit')
  const [opened, setOpened] = useState<'change' | 'remove'>()
  const close = useCallback(() => setOpened(undefined), [])
  return (
    <li class="panel hook" aria-label={report.name}>
      <h2>
        <a href={reportAddress(report.id)}>{report.name}</a>
      </h2>
      <p>{askedText(report)}</p>
      <ReportFacts report={report} webhooks={webhooks} />
      <div class="hook-actions">
        <a class="button" href={reportAddress(report.id)}>
          Show
        </a>
        {mayEdit && (
          <>
            <button type="button" class="button" onClick={() => setOpened('change')}>
              Change
            </button>
            <button type="button" class="button" onClick={() => setOpened('remove')}>
              Remove
            </button>
          </>
        )}
      </div>
      {opened === 'change' && (
        <ReportDialog
          api={api}
          id={report.id}
          initial={draftOfReport(report)}
          webhooks={webhooks}
          onSaved={onChanged}
          onClose={close}
        />
      )}
      {opened === 'remove' && (
        <RemoveDialog
          title="Remove the report?"
          remove={() => api.reports.remove(report.id)}
          onRemoved={() => {
            announce('The report is removed')
            onChanged()
          }}
          onClose={close}
        >
          <strong>{report.name}</strong> is not answered or sent any more. The clicks stay.
        </RemoveDialog>
      )}
    </li>
  )
}

function ReportFacts({ report, webhooks }: Pick<ReportCardProps, 'report' | 'webhooks'>) {
  const { schedule, lastFailure } = report
  return (
    <dl class="panel-facts">
      <Fact name="Sent">{scheduleText(report, webhooks)}</Fact>
      {schedule !== null && <Fact name="Last sent">{sentText(report)}</Fact>}
      {lastFailure !== null && (
        <Fact name="Last failure">
          {timeText(lastFailure.at)}: <span class="field-error">{lastFailure.reason}</span>
        </Fact>
      )}
    </dl>
  )
}

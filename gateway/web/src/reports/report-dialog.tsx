/**
 * Saves a report, or changes one. Used by the page of reports.
 */
import { useCallback } from 'preact/hooks'
import type { Api } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { DraftFormBody, SelectField } from '../draft-form.tsx'
import type { Webhook } from '../hooks/hooks-api.ts'
import { FIELDS, type Field } from '../stats/answer.ts'
import { BOT_CHOICES } from '../stats/stats-view.ts'
import { BOT_CHOICE_NAMES, FIELD_NAMES, hourName } from '../stats/words.ts'
import { TextField } from '../text-field.tsx'
import { useDraftForm, type DraftForm } from '../use-draft-form.ts'
import { FilterFields } from './filter-fields.tsx'
import { reportFieldsOf, type ReportDraft } from './report-draft.ts'
import { PERIOD_NAMES } from './report-words.ts'
import { PERIODS, type ReportPeriod } from './reports-api.ts'

interface ReportDialogProps {
  readonly api: Api
  /** Of the report that is changed; undefined: a new one. */
  readonly id: string | undefined
  readonly initial: ReportDraft
  readonly webhooks: readonly Webhook[]
  readonly onSaved: () => void
  readonly onClose: () => void
}

type Form = DraftForm<ReportDraft>

const INTERVALS = [
  ['', 'None'],
  ['minute', 'By minute'],
  ['hour', 'By hour'],
  ['day', 'By day'],
  ['week', 'By week'],
  ['month', 'By month'],
] as const
const HOURS = Array.from({ length: 24 }, (_, hour) => [String(hour), hourName(hour)] as const)
const GROUPS: readonly (readonly [Field | '', string])[] = [
  ['', 'Nothing'],
  ...FIELDS.map((field) => [field, FIELD_NAMES[field]] as const),
]

export function ReportDialog(props: ReportDialogProps) {
  const { api, id, initial, webhooks, onSaved, onClose } = props
  const send = useCallback(
    async (draft: ReportDraft) => {
      const fields = reportFieldsOf(draft)
      await (id === undefined ? api.reports.add(fields) : api.reports.change(id, fields))
      onSaved()
      onClose()
    },
    [api, id, onSaved, onClose],
  )
  const form = useDraftForm(initial, send)
  return (
    <Dialog title={id === undefined ? 'New report' : 'Change the report'} onClose={onClose}>
      <DraftFormBody form={form} onCancel={onClose}>
        <TextField
          label="Name"
          value={form.draft.name}
          onInput={(name) => form.change({ name })}
          error={form.errors.name}
        />
        <div class="field-grid">
          <AskedFields form={form} />
          <GroupFields form={form} />
          <WhichFields form={form} />
        </div>
        <FilterFields form={form} />
        <div class="field-grid">
          <ScheduleFields form={form} webhooks={webhooks} />
        </div>
      </DraftFormBody>
    </Dialog>
  )
}

/** A day in steps of a day is no curve. */
function fittingInterval(period: ReportPeriod, interval: ReportDraft['interval']) {
  if (period === 'day') return interval === 'day' ? { interval: 'hour' as const } : {}
  return interval === 'hour' ? { interval: 'day' as const } : {}
}

function AskedFields({ form: { draft, errors, change } }: { form: Form }) {
  return (
    <>
      <SelectField
        label="Of each"
        options={PERIODS.map((period) => [period, PERIOD_NAMES[period]] as const)}
        value={draft.period}
        onChoose={(period) => change({ period, ...fittingInterval(period, draft.interval) })}
        error={errors.period}
      />
      <TextField
        label="Time zone"
        value={draft.timezone}
        onInput={(timezone) => change({ timezone })}
        error={errors.timezone}
        input={{ autocapitalize: 'none', spellcheck: false }}
      />
      <SelectField
        label="Curve"
        options={INTERVALS}
        value={draft.interval}
        onChoose={(interval) => change({ interval })}
        error={errors.interval}
      />
      <TextField
        label="Rows at most"
        value={draft.limit}
        onInput={(limit) => change({ limit })}
        error={errors.limit}
        input={{ inputmode: 'numeric' }}
      />
    </>
  )
}

function GroupFields({ form: { draft, errors, change } }: { form: Form }) {
  const [first, second] = draft.groupBy
  return (
    <>
      <SelectField
        label="By"
        options={GROUPS}
        value={first}
        onChoose={(field) => change({ groupBy: [field, second] })}
        error={errors.groupBy}
      />
      <SelectField
        label="and by"
        options={GROUPS}
        value={second}
        onChoose={(field) => change({ groupBy: [first, field] })}
      />
    </>
  )
}

function WhichFields({ form: { draft, errors, change } }: { form: Form }) {
  return (
    <>
      <TextField
        label="Only of the link"
        value={draft.code}
        onInput={(code) => change({ code })}
        error={errors.code}
        hint="Its code; empty: all"
        input={{ autocapitalize: 'none', spellcheck: false }}
      />
      <SelectField
        label="Bots"
        options={BOT_CHOICES.map((choice) => [choice, BOT_CHOICE_NAMES[choice]] as const)}
        value={draft.bots}
        onChoose={(bots) => change({ bots })}
        error={errors.bots}
      />
    </>
  )
}

function ScheduleFields({ form, webhooks }: { form: Form; webhooks: readonly Webhook[] }) {
  const { draft, errors, change } = form
  const targets = webhooks.map(({ id, url }) => [id, `To ${url}`] as const)
  const isKnown = ['', 'directory', ...webhooks.map(({ id }) => id)].includes(draft.schedule)
  const gone = isKnown ? [] : [[draft.schedule, 'To a webhook that is gone'] as const]
  return (
    <>
      <SelectField
        label="When the period has ended"
        options={[
          ['', 'Nothing is sent'],
          ['directory', 'Into the directory for reports'],
          ...targets,
          ...gone,
        ]}
        value={draft.schedule}
        onChoose={(schedule) => change({ schedule })}
        error={errors.schedule}
      />
      {draft.schedule !== '' && (
        <SelectField
          label="At"
          options={HOURS}
          value={draft.hour}
          onChoose={(hour) => change({ hour })}
        />
      )}
    </>
  )
}

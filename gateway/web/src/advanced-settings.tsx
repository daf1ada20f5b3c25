/**
 * What few links need, folded away: when a link begins, how it redirects, what becomes of a
 * visitor's query, and where late visitors go.
 *
 * Used by the link's settings. Open where a link has any of it, or the service complained of it.
 */
import { useEffect, useState } from 'preact/hooks'
import { SelectField } from './draft-form.tsx'
import { TextField } from './text-field.tsx'
import type { LinkForm } from './use-link-form.ts'

const STATUSES = [
  ['', 'As the service does'],
  ['302', '302: asked each time'],
  ['301', '301: kept for an hour'],
  ['307', '307: as 302, forms too'],
  ['308', '308: as 301, forms too'],
] as const

const FORWARDINGS = [
  ['', 'As the service does'],
  ['true', 'Added to the address'],
  ['override', 'Added, in place of its own'],
  ['false', 'Left out'],
] as const

const FIELDS = ['validFrom', 'redirectStatus', 'expiredUrl', 'forwardQuery'] as const

export function AdvancedSettings({ form }: { form: LinkForm }) {
  const { draft, errors, change } = form
  const [isOpen, setOpen] = useState(false)
  const isNeeded = FIELDS.some((field) => draft[field] !== '' || errors[field] !== undefined)
  useEffect(() => {
    if (isNeeded) setOpen(true)
  }, [isNeeded])
  return (
    <details
      class="options field-fold"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Advanced</summary>
      <div class="field-grid">
        <TextField
          label="Valid from"
          value={draft.validFrom}
          onInput={(value) => change('validFrom', value)}
          error={errors.validFrom}
          hint="In your time zone; before, there is no such link"
          input={{ type: 'datetime-local' }}
        />
        <SelectField
          label="Redirects"
          options={STATUSES}
          value={draft.redirectStatus}
          onChoose={(value) => change('redirectStatus', value)}
          error={errors.redirectStatus}
        />
        <SelectField
          label="Query of visitors"
          options={FORWARDINGS}
          value={draft.forwardQuery}
          onChoose={(value) => change('forwardQuery', value)}
          error={errors.forwardQuery}
        />
        <TextField
          label="When over, leads to"
          value={draft.expiredUrl}
          onInput={(value) => change('expiredUrl', value)}
          error={errors.expiredUrl}
          hint="Once it has expired or is used up; empty: a page that says so"
          input={{ inputmode: 'url', autocapitalize: 'none', spellcheck: false }}
        />
      </div>
    </details>
  )
}

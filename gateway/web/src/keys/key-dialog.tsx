/**
 * Makes a key, and shows it once. Used by the page of keys.
 */
import { useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { DraftFormBody, SelectField } from '../draft-form.tsx'
import { listOf, numberOrText } from '../list-text.ts'
import { ShownSecret } from '../shown-secret.tsx'
import { TextField } from '../text-field.tsx'
import { useDraftForm } from '../use-draft-form.ts'
import type { KeyFields, KeyRole } from './keys-api.ts'

interface KeyDialogProps {
  readonly api: Api
  readonly onMade: () => void
  readonly onClose: () => void
}

/** As it stands in the form: all texts. */
interface KeyDraft {
  readonly name: string
  readonly role: KeyRole
  /** A day, or empty. */
  readonly expiresAt: string
  readonly requestsPerMinuteMax: string
  readonly tags: string
}

const NEW_KEY: KeyDraft = {
  name: '',
  role: 'read',
  expiresAt: '',
  requestsPerMinuteMax: '',
  tags: '',
}

const SHOWN_ONCE = 'Give it to whoever is to have it now: it is not shown again.'

const ROLES: readonly (readonly [KeyRole, string])[] = [
  ['read', 'Read: look at links and figures'],
  ['create', 'Create: make links too'],
  ['edit', 'Edit: change links too'],
  ['admin', 'Admin: all, keys too'],
]

export function KeyDialog({ api, onMade, onClose }: KeyDialogProps) {
  const [made, setMade] = useState<string>()
  const form = useDraftForm(NEW_KEY, async (draft) => {
    setMade(await api.keys.add(fieldsOf(draft)))
    onMade()
  })
  const { draft, errors, change } = form
  if (made !== undefined) {
    return (
      <Dialog title="The key" onClose={onClose}>
        <ShownSecret secret={made} onClose={onClose} children={SHOWN_ONCE} />
      </Dialog>
    )
  }
  return (
    <Dialog title="New key" onClose={onClose}>
      <DraftFormBody form={form} onCancel={onClose}>
        <TextField
          label="Name"
          value={draft.name}
          onInput={(name) => change({ name })}
          error={errors.name}
          hint="Who or what has it"
        />
        <SelectField
          label="May"
          options={ROLES}
          value={draft.role}
          onChoose={(role) => change({ role })}
          error={errors.role}
        />
        <div class="field-grid">
          <TextField
            label="Until"
            value={draft.expiresAt}
            onInput={(expiresAt) => change({ expiresAt })}
            error={errors.expiresAt}
            hint="The end of this day, in UTC; empty: for ever"
            input={{ type: 'date' }}
          />
          <TextField
            label="Requests in a minute"
            value={draft.requestsPerMinuteMax}
            onInput={(requestsPerMinuteMax) => change({ requestsPerMinuteMax })}
            error={errors.requestsPerMinuteMax}
            hint="Empty: as many as it asks"
            input={{ inputmode: 'numeric' }}
          />
        </div>
        <TextField
          label="Only links with a tag of"
          value={draft.tags}
          onInput={(tags) => change({ tags })}
          error={errors.tags}
          hint="Separated by commas; of what it makes and changes; empty: all"
        />
      </DraftFormBody>
    </Dialog>
  )
}

function fieldsOf({ name, role, expiresAt, requestsPerMinuteMax, tags }: KeyDraft): KeyFields {
  const perMinute = requestsPerMinuteMax.trim()
  return {
    name: name.trim(),
    role,
    expiresAt: expiresAt === '' ? null : `${expiresAt}T23:59:59Z`,
    requestsPerMinuteMax: perMinute === '' ? null : numberOrText(perMinute),
    tags: listOf(tags),
  }
}

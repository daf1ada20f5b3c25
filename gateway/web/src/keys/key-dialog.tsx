/**
 * Makes a key, and shows it once; or changes one. Used by the page of keys.
 */
import { useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { DraftFormBody, SelectField } from '../draft-form.tsx'
import { listOf, numberOrText } from '../list-text.ts'
import { ShownSecret } from '../shown-secret.tsx'
import { TextField } from '../text-field.tsx'
import { useDomains } from '../use-domains.ts'
import { useDraftForm, type DraftForm } from '../use-draft-form.ts'
import type { AccessKey, KeyFields, KeyRole } from './keys-api.ts'

interface KeyDialogProps {
  readonly api: Api
  /** To be changed; undefined: one is made. */
  readonly accessKey?: AccessKey
  readonly onSaved: () => void
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
  readonly domains: string
}

const NEW_KEY: KeyDraft = {
  name: '',
  role: 'read',
  expiresAt: '',
  requestsPerMinuteMax: '',
  tags: '',
  domains: '',
}

const SHOWN_ONCE = 'Give it to whoever is to have it now: it is not shown again.'

const ROLES: readonly (readonly [KeyRole, string])[] = [
  ['read', 'Read: look at links and figures'],
  ['create', 'Create: make links too'],
  ['edit', 'Edit: change links too'],
  ['admin', 'Admin: all, keys too'],
]

export function KeyDialog({ api, accessKey, onSaved, onClose }: KeyDialogProps) {
  const [made, setMade] = useState<string>()
  const first = accessKey === undefined ? NEW_KEY : draftOf(accessKey)
  const form = useDraftForm(first, async (draft) => {
    if (accessKey === undefined) setMade(await api.keys.add(fieldsOf(draft)))
    else {
      await api.keys.change(accessKey.id, changedFields(draft, accessKey))
      onClose()
    }
    onSaved()
  })
  if (made !== undefined) {
    return (
      <Dialog title="The key" onClose={onClose}>
        <ShownSecret secret={made} onClose={onClose} children={SHOWN_ONCE} />
      </Dialog>
    )
  }
  return (
    <Dialog title={accessKey === undefined ? 'New key' : 'Change the key'} onClose={onClose}>
      <DraftFormBody form={form} onCancel={onClose}>
        <KeyDraftFields api={api} form={form} />
      </DraftFormBody>
    </Dialog>
  )
}

interface KeyDraftFieldsProps {
  readonly api: Api
  readonly form: DraftForm<KeyDraft>
}

function KeyDraftFields({ api, form: { draft, errors, change } }: KeyDraftFieldsProps) {
  const hasDomains = useDomains(api, DEFAULT_DOMAIN).length > 0 || draft.domains !== ''
  return (
    <>
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
      {hasDomains && (
        <TextField
          label="Only links on"
          value={draft.domains}
          onInput={(domains) => change({ domains })}
          error={errors.domains}
          hint="Domains separated by commas, or default; it sees no others; empty: all"
        />
      )}
    </>
  )
}

const DEFAULT_DOMAIN = 'default'
/** Of an ISO 8601 time. */
const DAY_LENGTH = 10

function draftOf(key: AccessKey): KeyDraft {
  const { name, role, expiresAt, requestsPerMinuteMax, tags, domains } = key
  return {
    name,
    role,
    expiresAt: expiresAt === null ? '' : expiresAt.slice(0, DAY_LENGTH),
    requestsPerMinuteMax: requestsPerMinuteMax === null ? '' : String(requestsPerMinuteMax),
    tags: tags.join(', '),
    domains: domains.join(', '),
  }
}

/** The end stays as it is, to the second, unless another day is said. */
function changedFields(draft: KeyDraft, key: AccessKey): Partial<KeyFields> {
  const { expiresAt, ...fields } = fieldsOf(draft)
  return draft.expiresAt === draftOf(key).expiresAt ? fields : { ...fields, expiresAt }
}

function fieldsOf({
  name,
  role,
  expiresAt,
  requestsPerMinuteMax,
  tags,
  domains,
}: KeyDraft): KeyFields {
  const perMinute = requestsPerMinuteMax.trim()
  return {
    name: name.trim(),
    role,
    expiresAt: expiresAt === '' ? null : `${expiresAt}T23:59:59Z`,
    requestsPerMinuteMax: perMinute === '' ? null : numberOrText(perMinute),
    tags: listOf(tags),
    domains: listOf(domains),
  }
}

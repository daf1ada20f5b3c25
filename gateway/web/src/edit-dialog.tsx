/**
 * Changes a link. Used by every row.
 *
 * Reads the link anew when it opens, and saves only what was changed, under the entity tag of what it
 * read: a change made elsewhere in the meantime is never overwritten unseen. If there was one, the
 * dialog takes it over, keeps the fields edited here, says so and leaves the saving to the person.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Api, Link } from './api.ts'
import { ApiError, toApiError } from './service-call.ts'
import { Dialog } from './dialog.tsx'
import { DraftFormBody } from './draft-form.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { shownCode } from './full-code.ts'
import { changesBetween, draftOf, EMPTY_DRAFT, rebaseDraft, type LinkDraft } from './link-draft.ts'
import { LinkSettings } from './link-settings.tsx'
import { TextField } from './text-field.tsx'
import { useLinkForm, type LinkForm } from './use-link-form.ts'

interface EditDialogProps {
  readonly api: Api
  readonly link: Link
  readonly onSaved: (link: Link) => void
  readonly onClose: () => void
}

const FIELD_NAMES = {
  url: 'address',
  title: 'title',
  tags: 'tags',
  expiresAt: 'expiry',
  maxVisits: 'visits at most',
  rules: 'redirect rules',
  validFrom: 'begin',
  redirectStatus: 'kind of redirect',
  expiredUrl: 'address when over',
  forwardQuery: 'query of visitors',
} as const

export function EditDialog({ api, link, onSaved, onClose }: EditDialogProps) {
  const { form, isRead, failure, clash, read } = useEditing(api, link, onSaved, onClose)
  return (
    <Dialog title={`Edit ${shownCode(link.code)}`} onClose={onClose}>
      {failure !== undefined && <FailureNotice error={failure} onRetry={read} />}
      {!isRead && failure === undefined && (
        <p class="muted" role="status">
          Reading the link …
        </p>
      )}
      {isRead && <EditForm form={form} clash={clash} onCancel={onClose} />}
    </Dialog>
  )
}

interface EditFormProps {
  readonly form: LinkForm
  readonly clash: string | undefined
  readonly onCancel: () => void
}

function EditForm({ form, clash, onCancel }: EditFormProps) {
  return (
    <DraftFormBody form={form} onCancel={onCancel}>
      <p class={clash === undefined ? 'visually-hidden' : 'notice'} role="alert">
        {clash}
      </p>
      <TextField
        label="Leads to"
        value={form.draft.url}
        onInput={(value) => form.change('url', value)}
        error={form.errors.url}
        input={{ inputmode: 'url', autocapitalize: 'none', spellcheck: false }}
      />
      <div class="field-grid">
        <LinkSettings form={form} />
      </div>
    </DraftFormBody>
  )
}

interface Base {
  readonly draft: LinkDraft
  readonly etag: string
}

function useEditing(api: Api, { code }: Link, onSaved: (link: Link) => void, onClose: () => void) {
  /** What the service held when it was last read; edits are told apart by comparing with it. */
  const [base, setBase] = useState<Base>()
  const [failure, setFailure] = useState<ApiError>()
  const [clash, setClash] = useState<string>()

  const form = useLinkForm(EMPTY_DRAFT, async (draft) => {
    if (base === undefined) return
    const changes = changesBetween(base.draft, draft)
    if (Object.keys(changes).length === 0) return onClose()
    try {
      onSaved(await api.update(code, changes, base.etag))
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'precondition_failed')) throw error
      await takeOver(draft, base.draft)
    }
  })

  async function takeOver(mine: LinkDraft, before: LinkDraft): Promise<void> {
    const { link, etag } = await api.read(code)
    const { draft, changedByThem } = rebaseDraft(before, mine, draftOf(link))
    setBase({ draft: draftOf(link), etag })
    form.reset(draft)
    setClash(clashText(changedByThem.map((field) => FIELD_NAMES[field])))
  }

  async function readLink(): Promise<void> {
    setFailure(undefined)
    try {
      const { link, etag } = await api.read(code)
      setBase({ draft: draftOf(link), etag })
      form.reset(draftOf(link))
    } catch (error) {
      setFailure(toApiError(error))
    }
  }
  const read = () => void readLink()
  useEffect(read, [])
  return { form, isRead: base !== undefined, failure, clash, read }
}

function clashText(names: readonly string[]): string {
  const what = names.length === 0 ? '' : ` (${names.join(', ')})`
  return (
    `This link was changed somewhere else in the meantime${what}. ` +
    'The newest version is below, with your edits kept. Look it over and save again.'
  )
}

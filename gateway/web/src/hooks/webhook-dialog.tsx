/**
 * Makes a webhook, or changes one. Used by the page of webhooks.
 *
 * The secret of a new one is shown once, in the same window, which says so.
 */
import { useId, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { DraftFormBody } from '../draft-form.tsx'
import { ShownSecret } from '../shown-secret.tsx'
import { TextField } from '../text-field.tsx'
import { useDraftForm, type DraftForm } from '../use-draft-form.ts'
import { EVENT_NAMES } from './hook-words.ts'
import { HOOK_EVENTS, type HookEvent, type Webhook } from './hooks-api.ts'
import { NEW_WEBHOOK, webhookDraftOf, webhookFieldsOf, type WebhookDraft } from './webhook-draft.ts'

interface WebhookDialogProps {
  readonly api: Api
  /** undefined: a new one. */
  readonly webhook: Webhook | undefined
  readonly onSaved: () => void
  readonly onClose: () => void
}

export function WebhookDialog({ api, webhook, onSaved, onClose }: WebhookDialogProps) {
  const [secret, setSecret] = useState<string>()
  const initial = webhook === undefined ? NEW_WEBHOOK : webhookDraftOf(webhook)
  const form = useDraftForm(initial, async (draft) => {
    if (webhook === undefined) setSecret(await api.hooks.add(webhookFieldsOf(draft)))
    else await api.hooks.change(webhook.id, webhookFieldsOf(draft))
    onSaved()
    if (webhook !== undefined) onClose()
  })
  if (secret !== undefined) {
    return (
      <Dialog title="Its secret" onClose={onClose}>
        <ShownSecret secret={secret} onClose={onClose}>
          Each message is signed with it. Give it to the receiver now: it is not shown again, though
          another one can be set.
        </ShownSecret>
      </Dialog>
    )
  }
  return (
    <Dialog title={webhook === undefined ? 'New webhook' : 'Change the webhook'} onClose={onClose}>
      <DraftFormBody form={form} onCancel={onClose}>
        <WebhookFieldInputs form={form} isNew={webhook === undefined} />
      </DraftFormBody>
    </Dialog>
  )
}

interface InputsProps {
  readonly form: DraftForm<WebhookDraft>
  readonly isNew: boolean
}

function WebhookFieldInputs({ form: { draft, errors, change }, isNew }: InputsProps) {
  const plain = { autocapitalize: 'none', spellcheck: false } as const
  return (
    <>
      <TextField
        label="Send messages to"
        value={draft.url}
        onInput={(url) => change({ url })}
        error={errors.url}
        input={{ ...plain, inputmode: 'url', placeholder: 'https://example.com/hook' }}
      />
      <EventChoice
        events={draft.events}
        error={errors.events}
        onChoose={(events) => change({ events })}
      />
      {draft.events.includes('threshold') && (
        <TextField
          label="Thresholds"
          value={draft.thresholds}
          onInput={(thresholds) => change({ thresholds })}
          error={errors.thresholds}
          hint="Visits of one link, separated by commas: 100, 1000"
        />
      )}
      <div class="field-grid">
        <TextField
          label="Only of these links"
          value={draft.codes}
          onInput={(codes) => change({ codes })}
          error={errors.codes}
          hint="Codes, separated by commas; empty: all"
          input={plain}
        />
        <TextField
          label="Only changes of links with a tag"
          value={draft.tags}
          onInput={(tags) => change({ tags })}
          error={errors.tags}
          hint="Separated by commas; empty: all"
          input={plain}
        />
      </div>
      <TextField
        label="Secret"
        value={draft.secret}
        onInput={(secret) => change({ secret })}
        error={errors.secret}
        hint={isNew ? 'Empty: one is made and shown' : 'Empty: it stays as it is'}
        input={plain}
      />
    </>
  )
}

interface EventChoiceProps {
  readonly events: readonly HookEvent[]
  readonly error: string | undefined
  readonly onChoose: (events: readonly HookEvent[]) => void
}

function EventChoice({ events, error, onChoose }: EventChoiceProps) {
  const id = useId()
  const isChosen = (event: HookEvent) => events.includes(event)
  return (
    <fieldset class="checks" {...(error !== undefined && { 'aria-describedby': id })}>
      <legend>What is told</legend>
      {HOOK_EVENTS.map((event) => (
        <label key={event} class="check">
          <input
            type="checkbox"
            checked={isChosen(event)}
            aria-invalid={error !== undefined}
            onChange={() =>
              onChoose(HOOK_EVENTS.filter((one) => isChosen(one) !== (one === event)))
            }
          />
          {EVENT_NAMES[event]}
        </label>
      ))}
      {error !== undefined && (
        <p class="field-error" id={id}>
          {error}
        </p>
      )}
    </fieldset>
  )
}

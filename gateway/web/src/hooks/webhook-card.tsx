/**
 * One webhook: what it tells, how that goes, and what can be done with it.
 */
import { useState } from 'preact/hooks'
import { useAnnounce } from '../announcer.tsx'
import type { Api } from '../api.ts'
import { Fact } from '../fact.tsx'
import { FailureNotice } from '../failure-notice.tsx'
import { RemoveDialog } from '../remove-dialog.tsx'
import { toApiError, type ApiError } from '../service-call.ts'
import { attemptText, lagText, timeText, toldText } from './hook-words.ts'
import type { Attempt, Webhook } from './hooks-api.ts'
import { LettersDialog } from './letters-dialog.tsx'
import { WebhookDialog } from './webhook-dialog.tsx'

interface WebhookCardProps {
  readonly api: Api
  readonly webhook: Webhook
  readonly onChanged: () => void
}

type Opened = 'change' | 'remove' | 'letters'

export function WebhookCard({ api, webhook, onChanged }: WebhookCardProps) {
  const [opened, setOpened] = useState<Opened>()
  const { attempt, isBusy, failure, test, toggle } = useDoings(api, webhook, onChanged)
  const close = () => setOpened(undefined)
  return (
    <li class="panel hook" aria-label={webhook.url}>
      <header class="hook-header">
        <h2 class="code">{webhook.url}</h2>
        <span class={webhook.isEnabled ? 'badge badge-on' : 'badge badge-off'}>
          {webhook.isEnabled ? 'On' : 'Off'}
        </span>
      </header>
      <p>{toldText(webhook)}</p>
      <HookFacts webhook={webhook} />
      <p class={attempt?.kind === 'failed' ? 'field-error' : 'muted'} role="status">
        {attempt && attemptText(attempt)}
      </p>
      {failure !== undefined && <FailureNotice error={failure} />}
      <div class="hook-actions">
        <button type="button" class="button" aria-disabled={isBusy} onClick={test}>
          Send a test
        </button>
        {webhook.letters > 0 && (
          <button type="button" class="button" onClick={() => setOpened('letters')}>
            Not delivered
          </button>
        )}
        <button type="button" class="button" onClick={() => setOpened('change')}>
          Change
        </button>
        <button type="button" class="button" aria-disabled={isBusy} onClick={toggle}>
          {webhook.isEnabled ? 'Turn off' : 'Turn on'}
        </button>
        <button type="button" class="button" onClick={() => setOpened('remove')}>
          Remove
        </button>
      </div>
      <Dialogs api={api} webhook={webhook} opened={opened} onChanged={onChanged} onClose={close} />
    </li>
  )
}

interface DialogsProps extends WebhookCardProps {
  readonly opened: Opened | undefined
  readonly onClose: () => void
}

function Dialogs({ api, webhook, opened, onChanged, onClose }: DialogsProps) {
  const announce = useAnnounce()
  switch (opened) {
    case undefined:
      return null
    case 'change':
      return <WebhookDialog api={api} webhook={webhook} onSaved={onChanged} onClose={onClose} />
    case 'letters':
      return <LettersDialog api={api} webhook={webhook} onRetried={onChanged} onClose={onClose} />
    case 'remove':
      return (
        <RemoveDialog
          title="Remove the webhook?"
          remove={() => api.hooks.remove(webhook.id)}
          onRemoved={() => {
            announce('The webhook is removed')
            onChanged()
          }}
          onClose={onClose}
        >
          <strong class="code">{webhook.url}</strong> is told nothing more, and what it did not take
          is thrown away. Reports that are sent to it are not sent any more.
        </RemoveDialog>
      )
  }
}

function useDoings(api: Api, { id, isEnabled }: Webhook, onChanged: () => void) {
  const [attempt, setAttempt] = useState<Attempt>()
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<ApiError>()

  async function run(work: () => Promise<void>): Promise<void> {
    if (isBusy) return
    setBusy(true)
    setFailure(undefined)
    setAttempt(undefined)
    try {
      await work()
    } catch (error) {
      setFailure(toApiError(error))
    }
    setBusy(false)
    onChanged()
  }
  const test = () => void run(async () => setAttempt(await api.hooks.test(id)))
  const toggle = () => void run(() => api.hooks.change(id, { isEnabled: !isEnabled }))
  return { attempt, isBusy, failure, test, toggle }
}

function HookFacts({ webhook }: { webhook: Webhook }) {
  const { lastDeliveredAt, lastFailure, letters } = webhook
  return (
    <dl class="panel-facts">
      <Fact name="Last delivered">
        {lastDeliveredAt === null ? 'Nothing yet' : timeText(lastDeliveredAt)}
      </Fact>
      {lastFailure !== null && (
        <Fact name="Last failure">
          {timeText(lastFailure.at)}: <span class="field-error">{lastFailure.reason}</span>
        </Fact>
      )}
      <Fact name="Not told yet">{lagText(webhook)}</Fact>
      {letters > 0 && (
        <Fact name="Given up">{letters === 1 ? '1 message' : `${letters} messages`}</Fact>
      )}
    </dl>
  )
}

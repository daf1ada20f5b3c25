/**
 * The messages of a webhook that were given up, and the way to send them again.
 */
import { useCallback, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { Dialog } from '../dialog.tsx'
import { FailureNotice } from '../failure-notice.tsx'
import { toApiError, type ApiError } from '../service-call.ts'
import { useLoaded } from '../use-loaded.ts'
import { retriedText, timeText } from './hook-words.ts'
import type { Webhook } from './hooks-api.ts'

const REFRESH_MS = 10_000

interface LettersDialogProps {
  readonly api: Api
  readonly webhook: Webhook
  readonly onRetried: () => void
  readonly onClose: () => void
}

export function LettersDialog({ api, webhook, onRetried, onClose }: LettersDialogProps) {
  const load = useCallback(
    (signal: AbortSignal) => api.hooks.letters(webhook.id, signal),
    [api, webhook.id],
  )
  const { value: letters, error, reload } = useLoaded(load, REFRESH_MS)
  const [isSending, setSending] = useState(false)
  const [outcome, setOutcome] = useState<string>()
  const [failure, setFailure] = useState<ApiError>()

  async function retry(): Promise<void> {
    if (isSending) return
    setSending(true)
    setFailure(undefined)
    try {
      setOutcome(retriedText(await api.hooks.retry(webhook.id)))
    } catch (refused) {
      setFailure(toApiError(refused))
    }
    setSending(false)
    reload()
    onRetried()
  }

  return (
    <Dialog title="Not delivered" onClose={onClose}>
      <p class="muted">
        Messages that <span class="code">{webhook.url}</span> did not take within a day.
      </p>
      {letters?.length === 0 && <p>There are none.</p>}
      {letters !== undefined && letters.length > 0 && (
        <ul class="letters">
          {letters.map(({ messageId, at, attempts, reason }) => (
            <li key={messageId}>
              <span class="code">{messageId}</span>
              <span class="muted">
                {timeText(at)}, {attempts} {attempts === 1 ? 'attempt' : 'attempts'}: {reason}
              </span>
            </li>
          ))}
        </ul>
      )}
      <p role="status">{outcome}</p>
      {(failure ?? error) !== undefined && <FailureNotice error={(failure ?? error)!} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Done
        </button>
        {letters !== undefined && letters.length > 0 && (
          <button
            type="button"
            class="button button-primary"
            aria-disabled={isSending}
            onClick={() => void retry()}
          >
            {isSending ? 'Sending …' : 'Send again'}
          </button>
        )}
      </div>
    </Dialog>
  )
}

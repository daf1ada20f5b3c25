/**
 * Who is told of what, and how that goes. Used by the app, fetched when it is first looked at.
 */
import { useCallback, useState } from 'preact/hooks'
import type { Api } from '../api.ts'
import { FailureNotice } from '../failure-notice.tsx'
import { useLoaded } from '../use-loaded.ts'
import { WebhookCard } from './webhook-card.tsx'
import { WebhookDialog } from './webhook-dialog.tsx'

const REFRESH_MS = 3_000

export function WebhooksPage({ api }: { api: Api }) {
  const load = useCallback((signal: AbortSignal) => api.hooks.list(signal), [api])
  const { value: webhooks, error, reload } = useLoaded(load, REFRESH_MS)
  const [isMaking, setMaking] = useState(false)
  return (
    <div class="hooks">
      <header class="hooks-header">
        <h1>Webhooks</h1>
        <button type="button" class="button button-primary" onClick={() => setMaking(true)}>
          New webhook
        </button>
      </header>
      {error !== undefined && <FailureNotice error={error} onRetry={reload} />}
      {webhooks === undefined && error === undefined && <p class="muted">Loading …</p>}
      {webhooks?.length === 0 && (
        <div class="empty">
          <p class="empty-title">Nobody is told yet</p>
          <p>
            A webhook sends clicks, changes of links and thresholds of visits to an address of
            yours, signed, and again until they are taken.
          </p>
        </div>
      )}
      {webhooks !== undefined && webhooks.length > 0 && (
        <ul class="hook-list">
          {webhooks.map((webhook) => (
            <WebhookCard key={webhook.id} api={api} webhook={webhook} onChanged={reload} />
          ))}
        </ul>
      )}
      {isMaking && (
        <WebhookDialog
          api={api}
          webhook={undefined}
          onSaved={reload}
          onClose={() => setMaking(false)}
        />
      )}
    </div>
  )
}

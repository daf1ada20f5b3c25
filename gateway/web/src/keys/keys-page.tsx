/**
 * Who may ask the service, for admins. Used by the app, fetched when it is first looked at.
 */
import { useCallback, useState } from 'preact/hooks'
import { useAnnounce } from '../announcer.tsx'
import type { Api } from '../api.ts'
import { Fact } from '../fact.tsx'
import { FailureNotice } from '../failure-notice.tsx'
import { timeText } from '../hooks/hook-words.ts'
import { RemoveDialog } from '../remove-dialog.tsx'
import { useLoaded } from '../use-loaded.ts'
import { KeyDialog } from './key-dialog.tsx'
import type { AccessKey } from './keys-api.ts'

const REFRESH_MS = 10_000

export function KeysPage({ api }: { api: Api }) {
  const load = useCallback((signal: AbortSignal) => api.keys.list(signal), [api])
  const { value: keys, error, reload } = useLoaded(load, REFRESH_MS)
  const [isMaking, setMaking] = useState(false)
  return (
    <div class="hooks">
      <header class="hooks-header">
        <h1>Keys</h1>
        <button type="button" class="button button-primary" onClick={() => setMaking(true)}>
          New key
        </button>
      </header>
      {error !== undefined && <FailureNotice error={error} onRetry={reload} />}
      {keys === undefined && error === undefined && <p class="muted">Loading …</p>}
      {keys?.length === 0 && (
        <div class="empty">
          <p class="empty-title">There is only the first key</p>
          <p>
            A key of their own for each colleague and each tool can be held to a role, and taken
            away without troubling the others.
          </p>
        </div>
      )}
      {keys !== undefined && keys.length > 0 && (
        <ul class="hook-list">
          {keys.map((key) => (
            <KeyCard key={key.id} api={api} accessKey={key} onChanged={reload} />
          ))}
        </ul>
      )}
      {isMaking && <KeyDialog api={api} onSaved={reload} onClose={() => setMaking(false)} />}
    </div>
  )
}

interface KeyCardProps {
  readonly api: Api
  readonly accessKey: AccessKey
  readonly onChanged: () => void
}

function KeyCard({ api, accessKey, onChanged }: KeyCardProps) {
  const { id, name, role } = accessKey
  const [isRevoking, setRevoking] = useState(false)
  const [isChanging, setChanging] = useState(false)
  const announce = useAnnounce()
  return (
    <li class="panel hook" aria-label={name}>
      <header class="hook-header">
        <h2>{name}</h2>
        <span class="badge">{role}</span>
      </header>
      <KeyFacts accessKey={accessKey} />
      <div class="hook-actions">
        <button type="button" class="button" onClick={() => setChanging(true)}>
          Change
        </button>
        <button type="button" class="button" onClick={() => setRevoking(true)}>
          Revoke
        </button>
      </div>
      {isChanging && (
        <KeyDialog
          api={api}
          accessKey={accessKey}
          onSaved={() => {
            announce('The key is changed')
            onChanged()
          }}
          onClose={() => setChanging(false)}
        />
      )}
      {isRevoking && (
        <RemoveDialog
          title="Revoke the key?"
          remove={() => api.keys.revoke(id)}
          onRemoved={() => {
            announce('The key is revoked')
            onChanged()
          }}
          onClose={() => setRevoking(false)}
        >
          The key of <strong>{name}</strong> opens nothing any more, at once and for good. Links
          that it made stay.
        </RemoveDialog>
      )}
    </li>
  )
}

function KeyFacts({ accessKey }: { accessKey: AccessKey }) {
  const { lastUsedAt, createdAt, expiresAt, requestsPerMinuteMax, tags, domains } = accessKey
  const facts: [string, string][] = [
    ['Last used', lastUsedAt === null ? 'Never' : timeText(lastUsedAt)],
    ['Made', timeText(createdAt)],
  ]
  if (expiresAt !== null) facts.push(['Until', timeText(expiresAt)])
  if (requestsPerMinuteMax !== null) facts.push(['Requests in a minute', `${requestsPerMinuteMax}`])
  if (tags.length > 0) facts.push(['Links tagged', tags.join(', ')])
  if (domains.length > 0) facts.push(['Links on', domains.join(', ')])
  return (
    <dl class="panel-facts">
      {facts.map(([term, text]) => (
        <Fact key={term} name={term}>
          {text}
        </Fact>
      ))}
    </dl>
  )
}

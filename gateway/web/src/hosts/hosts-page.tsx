/**
 * The hosts to which no link may lead, for admins. Used by the app, fetched when it is first looked at.
 */
import { useCallback, useState } from 'preact/hooks'
import { useAnnounce } from '../announcer.tsx'
import type { Api } from '../api.ts'
import { Fact } from '../fact.tsx'
import { FailureNotice } from '../failure-notice.tsx'
import { timeText } from '../hooks/hook-words.ts'
import { RemoveDialog } from '../remove-dialog.tsx'
import { useLoaded } from '../use-loaded.ts'
import { AskDialog, BlockDialog } from './host-dialog.tsx'
import type { BlockedHost } from './hosts-api.ts'

const REFRESH_MS = 10_000
const WILD = '*.'

export function HostsPage({ api }: { api: Api }) {
  const load = useCallback((signal: AbortSignal) => api.hosts.list(signal), [api])
  const { value: list, error, reload } = useLoaded(load, REFRESH_MS)
  const [open, setOpen] = useState<'block' | 'ask'>()
  const close = () => setOpen(undefined)
  return (
    <div class="hooks">
      <header class="hooks-header">
        <h1>Blocked hosts</h1>
        <div class="hook-actions">
          <button type="button" class="button" onClick={() => setOpen('ask')}>
            Is a host blocked?
          </button>
          <button type="button" class="button button-primary" onClick={() => setOpen('block')}>
            Block a host
          </button>
        </div>
      </header>
      {error !== undefined && <FailureNotice error={error} onRetry={reload} />}
      {list === undefined && error === undefined && <p class="muted">Loading …</p>}
      {list?.hosts.length === 0 && (
        <div class="empty">
          <p class="empty-title">No host is on this list</p>
          <p>No link may lead to a blocked host, and those that do tell visitors so, at once.</p>
        </div>
      )}
      {list !== undefined && list.hosts.length > 0 && (
        <ul class="hook-list">
          {list.hosts.map((one) => (
            <HostCard key={one.host} api={api} blocked={one} onUnblocked={reload} />
          ))}
        </ul>
      )}
      {list !== undefined && list.hostsInFile > 0 && (
        <p class="muted">
          And {list.hostsInFile} in the file of the settings, which alone changes them.
        </p>
      )}
      {open === 'block' && <BlockDialog api={api} onBlocked={reload} onClose={close} />}
      {open === 'ask' && <AskDialog api={api} onClose={close} />}
    </div>
  )
}

interface HostCardProps {
  readonly api: Api
  readonly blocked: BlockedHost
  readonly onUnblocked: () => void
}

function HostCard({ api, blocked: { host, note, since }, onUnblocked }: HostCardProps) {
  const [isRemoving, setRemoving] = useState(false)
  const announce = useAnnounce()
  const blocks = host.startsWith(WILD)
    ? `All hosts below ${host.slice(WILD.length)}`
    : 'This host alone'
  const facts: [string, string][] = [
    ['Blocks', blocks],
    ['Since', timeText(since)],
  ]
  if (note !== null) facts.push(['Why', note])
  return (
    <li class="panel hook" aria-label={host}>
      <header class="hook-header">
        <h2>{host}</h2>
      </header>
      <dl class="panel-facts">
        {facts.map(([term, text]) => (
          <Fact key={term} name={term}>
            {text}
          </Fact>
        ))}
      </dl>
      <div class="hook-actions">
        <button type="button" class="button" onClick={() => setRemoving(true)}>
          Unblock
        </button>
      </div>
      {isRemoving && (
        <RemoveDialog
          title="Unblock the host?"
          remove={() => api.hosts.unblock(host)}
          onRemoved={() => {
            announce('The host is off the list')
            onUnblocked()
          }}
          onClose={() => setRemoving(false)}
        >
          Links may lead to <strong>{host}</strong> again, and those that do are followed at once.
        </RemoveDialog>
      )}
    </li>
  )
}

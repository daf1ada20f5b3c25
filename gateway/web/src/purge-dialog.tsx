/**
 * Asks before a deleted link is removed for good. Used by the row of a deleted link.
 */
import { useState } from 'preact/hooks'
import { displayAddress } from './address.ts'
import type { Api, Link } from './api.ts'
import { toApiError, type ApiError } from './service-call.ts'
import { Dialog } from './dialog.tsx'
import { FailureNotice } from './failure-notice.tsx'

interface PurgeDialogProps {
  readonly api: Api
  readonly link: Link
  readonly onPurged: () => void
  readonly onClose: () => void
}

export function PurgeDialog({ api, link, onPurged, onClose }: PurgeDialogProps) {
  const [failure, setFailure] = useState<ApiError>()

  async function purge(): Promise<void> {
    try {
      await api.purge(link.code)
      onPurged()
    } catch (error) {
      setFailure(toApiError(error))
    }
  }

  return (
    <Dialog title="Delete for good?" onClose={onClose}>
      <p>
        <strong class="code">{displayAddress(link.shortUrl)}</strong> and its settings will be gone.
        The code becomes free, and whoever takes it next decides where it leads, also for everyone
        who still has the old link.
      </p>
      {failure !== undefined && <FailureNotice error={failure} onRetry={() => void purge()} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button button-danger" onClick={() => void purge()}>
          Delete for good
        </button>
      </div>
    </Dialog>
  )
}

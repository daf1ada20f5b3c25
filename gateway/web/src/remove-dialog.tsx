/**
 * Asks before something is removed that does not come back. Used for webhooks and reports.
 */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { toApiError, type ApiError } from './service-call.ts'

interface RemoveDialogProps {
  readonly title: string
  readonly remove: () => Promise<void>
  readonly onRemoved: () => void
  readonly onClose: () => void
  /** What is removed, and what that means. */
  readonly children: ComponentChildren
}

export function RemoveDialog({ title, remove, onRemoved, onClose, children }: RemoveDialogProps) {
  const [failure, setFailure] = useState<ApiError>()

  async function run(): Promise<void> {
    try {
      await remove()
      onRemoved()
    } catch (error) {
      setFailure(toApiError(error))
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      {failure !== undefined && <FailureNotice error={failure} onRetry={() => void run()} />}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button button-danger" onClick={() => void run()}>
          Remove
        </button>
      </div>
    </Dialog>
  )
}

/**
 * What stands in a link's place after it was deleted: the way back, and the way further.
 *
 * Used by the list. Takes the focus from the Delete button it replaces, unless many were deleted at once. Stays until the list is read
 * again. Rejected: a message with an Undo that vanishes after some seconds, which whoever reads or
 * moves slowly never reaches.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { displayAddress } from './address.ts'
import type { Api, Link } from './api.ts'
import { toApiError, type ApiError } from './service-call.ts'
import { FailureNotice } from './failure-notice.tsx'
import { PurgeDialog } from './purge-dialog.tsx'

const COLUMNS = 7

interface DeletedRowProps {
  readonly api: Api
  readonly link: Link
  /** Whether it takes the focus, as what took the place of the button that was pressed. */
  readonly takesFocus: boolean
  readonly onRestored: (link: Link) => void
  readonly onPurged: (code: string) => void
}

export function DeletedRow({ api, link, takesFocus, onRestored, onPurged }: DeletedRowProps) {
  const undo = useRef<HTMLButtonElement>(null)
  const [isAsking, setAsking] = useState(false)
  const [failure, setFailure] = useState<ApiError>()
  const address = displayAddress(link.shortUrl)
  useEffect(() => {
    if (takesFocus) undo.current?.focus()
  }, [])

  async function restore(): Promise<void> {
    setFailure(undefined)
    try {
      onRestored(await api.restore(link.code))
    } catch (error) {
      setFailure(toApiError(error))
    }
  }

  return (
    <tr role="row" class="link link-deleted" aria-label={`${address}, deleted`}>
      <td role="cell" colSpan={COLUMNS}>
        <div class="link-deleted-line">
          <p class="link-text">
            <span class="code">{address}</span> is deleted.
          </p>
          <div class="link-deleted-actions">
            <button ref={undo} type="button" class="button" onClick={() => void restore()}>
              Undo
              <span class="visually-hidden"> the deletion of {address}</span>
            </button>
            <button type="button" class="button button-quiet" onClick={() => setAsking(true)}>
              Delete for good …<span class="visually-hidden"> {address}</span>
            </button>
          </div>
        </div>
        {failure !== undefined && <FailureNotice error={failure} onRetry={() => void restore()} />}
        {isAsking && (
          <PurgeDialog
            api={api}
            link={link}
            onPurged={() => onPurged(link.code)}
            onClose={() => setAsking(false)}
          />
        )}
      </td>
    </tr>
  )
}

/**
 * What stands in a link's place after it was deleted: the way back, and the way further.
 *
 * Used by the list. Takes the focus from the Delete button it replaces. Stays until the list is read
 * again. Rejected: a message with an Undo that vanishes after some seconds, which whoever reads or
 * moves slowly never reaches.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { displayAddress } from './address.ts'
import type { Api, Link } from './api.ts'
import { toApiError, type ApiError } from './service-call.ts'
import { FailureNotice } from './failure-notice.tsx'
import { PurgeDialog } from './purge-dialog.tsx'

interface DeletedRowProps {
  readonly api: Api
  readonly link: Link
  readonly onRestored: (link: Link) => void
  readonly onPurged: (code: string) => void
}

export function DeletedRow({ api, link, onRestored, onPurged }: DeletedRowProps) {
  const undo = useRef<HTMLButtonElement>(null)
  const [isAsking, setAsking] = useState(false)
  const [failure, setFailure] = useState<ApiError>()
  const address = displayAddress(link.shortUrl)
  useEffect(() => undo.current?.focus(), [])

  async function restore(): Promise<void> {
    setFailure(undefined)
    try {
      onRestored(await api.restore(link.code))
    } catch (error) {
      setFailure(toApiError(error))
    }
  }

  return (
    <article class="link link-deleted" aria-label={`${address}, deleted`}>
      <p class="link-text">
        <span class="code">{address}</span> is deleted.
      </p>
      <div class="link-actions">
        <button ref={undo} type="button" class="button" onClick={() => void restore()}>
          Undo
          <span class="visually-hidden"> the deletion of {address}</span>
        </button>
        <button type="button" class="button button-quiet" onClick={() => setAsking(true)}>
          Delete for good …<span class="visually-hidden"> {address}</span>
        </button>
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
    </article>
  )
}

/**
 * One link in the list: what it is, and what can be done with it. Used by the list.
 *
 * Titles, addresses and tags come from anyone who may create links, and are only ever text here.
 */
import { useState } from 'preact/hooks'
import { displayAddress } from './address.ts'
import type { Api, Link } from './api.ts'
import { toApiError, type ApiError } from './service-call.ts'
import { CopyButton } from './copy-button.tsx'
import { EditDialog } from './edit-dialog.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { Icon } from './icon.tsx'
import { LinkFacts } from './link-facts.tsx'
import { OuterLink } from './outer-link.tsx'
import { QrDialog } from './qr-dialog.tsx'

interface LinkRowProps {
  readonly api: Api
  readonly link: Link
  readonly onTag: (tag: string) => void
  readonly onChanged: (link: Link) => void
  readonly onDeleted: () => void
}

export function LinkRow({ api, link, onTag, onChanged, onDeleted }: LinkRowProps) {
  const [dialog, setDialog] = useState<'edit' | 'qr'>()
  const { remove, isRemoving, failure } = useRemoval(api, link, onDeleted)
  const close = () => setDialog(undefined)
  const address = displayAddress(link.shortUrl)

  return (
    <article class="link" aria-label={address}>
      <div class="link-text">
        <h3 class="link-address">
          <OuterLink address={link.shortUrl} text={address} />
        </h3>
        {link.title !== null && <p class="link-title">{link.title}</p>}
        <p class="link-target">
          <OuterLink address={link.url} text={displayAddress(link.url)} />
        </p>
        <LinkFacts link={link} onTag={onTag} />
      </div>
      <div class="link-actions">
        <CopyButton text={link.shortUrl} />
        <ActionButton icon="qr" name="QR code" of={address} onClick={() => setDialog('qr')} />
        <ActionButton icon="edit" name="Edit" of={address} onClick={() => setDialog('edit')} />
        <ActionButton
          icon="trash"
          name="Delete"
          of={address}
          onClick={remove}
          isBusy={isRemoving}
        />
      </div>
      {failure !== undefined && <FailureNotice error={failure} onRetry={remove} />}
      {dialog === 'qr' && <QrDialog link={link} onClose={close} />}
      {dialog === 'edit' && (
        <EditDialog
          api={api}
          link={link}
          onSaved={(saved) => (close(), onChanged(saved))}
          onClose={close}
        />
      )}
    </article>
  )
}

interface ActionButtonProps {
  readonly icon: 'qr' | 'edit' | 'trash'
  readonly name: string
  readonly of: string
  readonly onClick: () => void
  readonly isBusy?: boolean
}

function ActionButton({ icon, name, of, onClick, isBusy = false }: ActionButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`${name} ${of}`}
      title={name}
      aria-disabled={isBusy}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}

function useRemoval(api: Api, { code }: Link, onDeleted: () => void) {
  const [isRemoving, setRemoving] = useState(false)
  const [failure, setFailure] = useState<ApiError>()

  async function removeOnce(): Promise<void> {
    if (isRemoving) return
    setRemoving(true)
    setFailure(undefined)
    try {
      await api.remove(code)
      onDeleted()
    } catch (error) {
      setFailure(toApiError(error))
    }
    setRemoving(false)
  }
  return { remove: () => void removeOnce(), isRemoving, failure }
}

/**
 * One link in the list: what it is, and what can be done with it. Used by the list.
 *
 * Titles, addresses and tags come from anyone who may create links, and are only ever text here.
 */
import { useState } from 'preact/hooks'
import { displayAddress } from './address.ts'
import { toApiError, type ApiError } from './service-call.ts'
import type { Api, Link } from './api.ts'
import { FailureNotice } from './failure-notice.tsx'
import { EditDialog } from './edit-dialog.tsx'
import { Icon } from './icon.tsx'
import { LinkActions } from './link-actions.tsx'
import { endOf, fullTime, timeFromNow, visitsText } from './link-status.ts'
import { OuterLink } from './outer-link.tsx'
import { QrDialog } from './qr-dialog.tsx'
import { Sparkline } from './sparkline.tsx'

interface LinkRowProps {
  readonly api: Api
  readonly link: Link
  /** Clicks of the last days; undefined: not known. */
  readonly counts: readonly number[] | undefined
  readonly isChosen: boolean
  readonly onChoose: () => void
  readonly onTag: (tag: string) => void
  readonly onChanged: (link: Link) => void
  readonly onDeleted: () => void
}

export function LinkRow({ api, link, onChanged, onDeleted, ...rest }: LinkRowProps) {
  const [dialog, setDialog] = useState<'edit' | 'qr'>()
  const { remove, isRemoving, failure } = useRemoval(api, link, onDeleted)
  const close = () => setDialog(undefined)
  const address = displayAddress(link.shortUrl)
  const { isChosen, onChoose, counts, onTag } = rest

  return (
    <tr role="row" class={isChosen ? 'link link-chosen' : 'link'} aria-label={address}>
      <td role="cell" class="cell-check">
        <input
          type="checkbox"
          aria-label={`Choose ${address}`}
          checked={isChosen}
          onChange={onChoose}
        />
      </td>
      <th role="rowheader" scope="row" class="cell-link">
        <OuterLink address={link.shortUrl} text={address} />
        {link.hasPassword === true && (
          <span class="link-lock" title="Protected by a password">
            <Icon name="lock" />
            <span class="visually-hidden"> protected by a password</span>
          </span>
        )}
      </th>
      <td role="cell" class="cell-target">
        <OuterLink address={link.url} text={displayAddress(link.url)} />
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
      </td>
      <TitleAndTags link={link} onTag={onTag} />
      <Visits link={link} counts={counts} />
      <td role="cell" class="cell-created">
        <time dateTime={link.createdAt} title={`Created ${fullTime(link.createdAt)}`}>
          {timeFromNow(link.createdAt, Date.now())}
        </time>
      </td>
      <LinkActions
        link={link}
        address={address}
        isRemoving={isRemoving}
        onQr={() => setDialog('qr')}
        onEdit={() => setDialog('edit')}
        onDelete={remove}
      />
    </tr>
  )
}

/** How long the link lasts, if not for ever. */
function Lasting({ link }: { link: Link }) {
  const now = Date.now()
  const end = endOf(link, now)
  return (
    <>
      {end !== undefined && (
        <strong class={end === 'Scheduled' ? 'badge badge-plain' : 'badge'}>{end}</strong>
      )}
      {end === 'Scheduled' && (
        <span class="link-expiry muted">
          begins{' '}
          <time dateTime={link.validFrom!} title={fullTime(link.validFrom!)}>
            {timeFromNow(link.validFrom!, now)}
          </time>
        </span>
      )}
      {link.expiresAt !== null && end !== 'Expired' && (
        <span class="link-expiry muted">
          expires{' '}
          <time dateTime={link.expiresAt} title={fullTime(link.expiresAt)}>
            {timeFromNow(link.expiresAt, now)}
          </time>
        </span>
      )}
    </>
  )
}

function TitleAndTags({ link, onTag }: { link: Link; onTag: (tag: string) => void }) {
  return (
    <td role="cell" class="cell-title">
      <Lasting link={link} />
      {(link.rules?.length ?? 0) > 0 && <strong class="badge badge-plain">Rules</strong>}
      {link.title !== null && (
        <span class="link-title" title={link.title}>
          {link.title}
        </span>
      )}
      {link.tags.map((tag) => (
        <button
          key={tag}
          type="button"
          class="tag"
          title="Show links with this tag"
          onClick={() => onTag(tag)}
        >
          <span class="visually-hidden">Show links tagged </span>
          {tag}
        </button>
      ))}
    </td>
  )
}

function Visits({ link, counts }: { link: Link; counts: readonly number[] | undefined }) {
  const visits = visitsText(link)
  return (
    <td role="cell" class="cell-visits">
      <div class="link-visits">
        {visits !== undefined && (
          <span>
            {visits}
            <span class="visually-hidden"> visits</span>
          </span>
        )}
        {counts !== undefined && <Sparkline counts={counts} />}
      </div>
    </td>
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

/**
 * What can be done with one link, as a cell of icons. Used by its row.
 */
import type { Link } from './api.ts'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'
import { useMay } from './person.ts'
import { addressOf, USUAL_VIEW } from './stats/stats-view.ts'

interface LinkActionsProps {
  readonly link: Link
  readonly address: string
  readonly isRemoving: boolean
  readonly onQr: () => void
  readonly onEdit: () => void
  readonly onDelete: () => void
}

export function LinkActions({ link, address, isRemoving, ...on }: LinkActionsProps) {
  const mayEdit = useMay('edit')
  return (
    <td role="cell" class="cell-actions">
      <div class="link-actions">
        <CopyButton text={link.shortUrl} />
        <a
          class="icon-button"
          href={addressOf({ ...USUAL_VIEW, codes: [link.code] })}
          aria-label={`Clicks of ${address}`}
          title="Clicks"
        >
          <Icon name="chart" />
        </a>
        <ActionButton icon="qr" name="QR code" of={address} onClick={on.onQr} />
        {mayEdit && <ActionButton icon="edit" name="Edit" of={address} onClick={on.onEdit} />}
        {mayEdit && (
          <ActionButton
            icon="trash"
            name="Delete"
            of={address}
            onClick={on.onDelete}
            isBusy={isRemoving}
          />
        )}
      </div>
    </td>
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

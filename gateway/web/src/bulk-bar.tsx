/**
 * What can be done with all links that are chosen: tag, export, delete. Used by the list.
 *
 * Stays in view at the bottom while links are chosen, and afterwards says what became of them, with
 * the way back from a deletion.
 */
import { useState } from 'preact/hooks'
import type { Api, Link } from './api.ts'
import { Icon } from './icon.tsx'
import { linksCsv } from './link-csv.ts'
import { useMay } from './person.ts'
import { download } from './qr-image.ts'
import { useBulk, type BulkListeners } from './use-bulk.ts'
import type { Selection } from './use-selection.ts'

interface BulkBarProps extends BulkListeners {
  readonly api: Api
  readonly selection: Selection
}

const TAG_LENGTH_MAX = 40

export function BulkBar({ api, selection, onChanged, onDeleted }: BulkBarProps) {
  const { links, clear } = selection
  const bulk = useBulk(api, selection, { onChanged, onDeleted })
  const { said, isBusy } = bulk
  if (links.length === 0 && said === undefined) return null
  return (
    <div class="bulk" role="region" aria-label="Chosen links" aria-busy={isBusy}>
      {links.length > 0 && (
        <ChosenActions
          links={links}
          isBusy={isBusy}
          onTag={bulk.tag}
          onDelete={bulk.remove}
          onClear={() => (clear(), bulk.forget())}
        />
      )}
      {said !== undefined && <p class="bulk-said">{said.text}</p>}
      {said !== undefined && said.deleted.length > 0 && (
        <button type="button" class="button" onClick={bulk.undo}>
          Undo<span class="visually-hidden"> all these deletions</span>
        </button>
      )}
      {said !== undefined && links.length === 0 && (
        <button type="button" class="icon-button" aria-label="Close" onClick={bulk.forget}>
          <Icon name="close" />
        </button>
      )}
    </div>
  )
}

interface ChosenActionsProps {
  readonly links: readonly Link[]
  readonly isBusy: boolean
  readonly onTag: (tag: string) => void
  readonly onDelete: () => void
  readonly onClear: () => void
}

function ChosenActions({ links, isBusy, onTag, onDelete, onClear }: ChosenActionsProps) {
  const [tag, setTag] = useState('')
  const mayEdit = useMay('edit')
  const save = () =>
    download(new Blob([linksCsv(links)], { type: 'text/csv;charset=utf-8' }), 'links.csv')
  return (
    <>
      <strong class="bulk-count">{`${links.length} chosen`}</strong>
      {mayEdit && (
        <form
          class="bulk-tag"
          onSubmit={(event) => {
            event.preventDefault()
            if (tag.trim() === '') return
            onTag(tag.trim())
            setTag('')
          }}
        >
          <input
            aria-label="Tag for the chosen links"
            placeholder="Tag"
            maxLength={TAG_LENGTH_MAX}
            value={tag}
            onInput={(event) => setTag(event.currentTarget.value)}
          />
          <button type="submit" class="button" aria-disabled={isBusy}>
            Add tag
          </button>
        </form>
      )}
      <button type="button" class="button" onClick={save}>
        Export CSV
      </button>
      {mayEdit && (
        <button type="button" class="button bulk-delete" aria-disabled={isBusy} onClick={onDelete}>
          Delete<span class="visually-hidden"> the chosen links</span>
        </button>
      )}
      <button type="button" class="button button-quiet" onClick={onClear}>
        Choose none
      </button>
    </>
  )
}

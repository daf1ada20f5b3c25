/**
 * A place in the list: a link, or what stands there after it was deleted. Used by the list.
 *
 * Announces what was done where the eye does not see it at once.
 */
import { displayAddress } from './address.ts'
import { useAnnounce } from './announcer.tsx'
import type { Api, Link } from './api.ts'
import { DeletedRow } from './deleted-row.tsx'
import { changed, purged, type Entry } from './link-list-state.ts'
import { LinkRow } from './link-row.tsx'
import type { LinkList } from './use-links.ts'
import type { Selection } from './use-selection.ts'

interface ListRowProps {
  readonly api: Api
  readonly list: LinkList
  readonly entry: Entry
  readonly selection: Selection
  readonly counts: readonly number[] | undefined
  readonly takesFocus: boolean
  readonly onDeleted: (code: string) => void
  readonly onRestored: () => void
  readonly onPurged: () => void
}

export function ListRow({
  api,
  entry,
  list,
  selection,
  onDeleted,
  onRestored,
  onPurged,
  ...rest
}: ListRowProps) {
  const { link, isDeleted } = entry
  const announce = useAnnounce()
  const address = displayAddress(link.shortUrl)

  function change(saved: Link, what: string): void {
    list.tell(changed(saved))
    announce(`${address} is ${what}.`)
  }
  function drop(): void {
    list.tell(purged(link.code))
    announce(`${address} is deleted for good.`)
    onPurged()
  }

  return isDeleted ? (
    <DeletedRow
      api={api}
      link={link}
      takesFocus={rest.takesFocus}
      onRestored={(restored) => (change(restored, 'back'), onRestored())}
      onPurged={drop}
    />
  ) : (
    <LinkRow
      api={api}
      link={link}
      counts={rest.counts}
      isChosen={selection.has(link.code)}
      onChoose={() => selection.toggle(link.code)}
      onTag={(tag) => list.search({ ...list.query, tag })}
      onChanged={(saved) => change(saved, 'saved')}
      onDeleted={() => onDeleted(link.code)}
    />
  )
}

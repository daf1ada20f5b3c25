/**
 * What the source of a hand-off sends, in pieces of a bounded size.
 *
 * Used by `hand-off-source.ts`. The target takes a piece in within one turn of its event loop, and
 * whatever else is asked of it waits: redirects, and the writes of a partition that is being opened
 * just then. So the size bounds their wait too, not only what NATS takes.
 */
import type { Code } from '../cluster/ids.ts'
import type { LinkVersion } from '../cluster/link.ts'
import type { ScannedVersion } from './link-table.ts'
import type { Operation } from './operations.ts'

export type Entry = ScannedVersion | Operation

/** At least one piece, each of `bytesMax` and at most one record more. Reads no further than that. */
export function* piecesOf(entries: Iterable<Entry>, bytesMax: number): IterableIterator<Entry[]> {
  let piece: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    if (bytes >= bytesMax) {
      yield piece
      piece = []
      bytes = 0
    }
    piece.push(entry)
    bytes += isOperation(entry) ? entry.id.length + entry.record.length : entry.record.length
  }
  yield piece
}

export function isOperation(entry: Entry): entry is Operation {
  return 'outcome' in entry
}

export function isVersion(entry: Entry): entry is ScannedVersion {
  return !isOperation(entry)
}

/** A scan, link by link. */
export function* scanned(
  next: () => readonly ScannedVersion[] | undefined,
): IterableIterator<ScannedVersion> {
  for (let versions = next(); versions !== undefined; versions = next()) yield* versions
}

/** Empties the map. What has changed is not in the store yet. */
export function takeChanged(tail: Map<Code, LinkVersion>): ScannedVersion[] {
  const versions = Array.from(tail.values(), (version) => ({ ...version, isDirty: true }))
  tail.clear()
  return versions
}

/**
 * What the source of a hand-off sends, in pieces of a bounded size.
 *
 * Used by `hand-off-source.ts`. The target takes a piece in within one turn of its event loop, and
 * whatever else is asked of it waits: redirects, and the writes of a partition that is being opened
 * just then. So the size bounds their wait too, not only what NATS takes.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import { POSITION_NONE, type Code } from '../../links/ids.ts'
import type { ScannedVersion } from '../memory/table-scan.ts'
import type { Operation } from '../partition/operations.ts'
import type { Actor } from '../partition/actor-effects.ts'

export type Entry = ScannedVersion | Operation

/** What is still to be sent of one partition. */
export class HandOffPieces {
  readonly #actor: Actor
  /** What has changed since the scan began, or since it was sent. */
  readonly #tail: Map<Code, LinkVersion>
  readonly #bytesMax: number
  /** The position of the newest operation that was sent. */
  #operationsUpTo = POSITION_NONE

  constructor(actor: Actor, tail: Map<Code, LinkVersion>, bytesMax: number) {
    this.#actor = actor
    this.#tail = tail
    this.#bytesMax = bytesMax
  }

  /** How many links, or operations, have changed and were not sent. */
  get left(): number {
    return Math.max(this.#tail.size, this.#newOperations().length)
  }

  /** All links and operations, read as they are asked for. */
  everything(): IterableIterator<Entry[]> {
    return piecesOf(this.#all(), this.#bytesMax)
  }

  /** What has changed since it was sent. */
  changes(): IterableIterator<Entry[]> {
    return piecesOf(this.#changed(), this.#bytesMax)
  }

  *#all(): IterableIterator<Entry> {
    yield* scanned(this.#actor.memory.scan())
    yield* this.#takeOperations()
  }

  *#changed(): IterableIterator<Entry> {
    yield* takeAll(this.#tail)
    yield* this.#takeOperations()
  }

  #takeOperations(): readonly Operation[] {
    const operations = this.#newOperations()
    this.#operationsUpTo = operations.at(-1)?.position ?? this.#operationsUpTo
    return operations
  }

  /** A batch is applied in one go: those of one position are all here, or none. */
  #newOperations(): readonly Operation[] {
    return this.#actor.operations.all().filter(({ position }) => position > this.#operationsUpTo)
  }
}

/** At least one piece, each of `bytesMax` and at most one record more. Reads no further than that. */
function* piecesOf(entries: Iterable<Entry>, bytesMax: number): IterableIterator<Entry[]> {
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
function* scanned(
  next: () => readonly ScannedVersion[] | undefined,
): IterableIterator<ScannedVersion> {
  for (let versions = next(); versions !== undefined; versions = next()) yield* versions
}

/** Empties the map. What has changed is not in the store yet. */
function takeAll(tail: Map<Code, LinkVersion>): ScannedVersion[] {
  const versions = Array.from(tail.values(), (version) => ({ ...version, isDirty: true }))
  tail.clear()
  return versions
}

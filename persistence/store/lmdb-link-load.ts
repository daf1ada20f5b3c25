/**
 * Reads all links of some partitions from the LMDB store, in batches.
 *
 * Used by `lmdb-link-store.ts` and, through it, when a node fills its memory at the start. A batch is
 * read in turns with all other long work, and none is read before it is asked for. Partitions that
 * follow each other are read as one range. Between two stretches the database may change: a range
 * goes on above the last key read, so no key comes twice, and one that is there all the time comes. A damaged
 * entry comes without a record.
 */
import type { LinkRecord, LinkVersion } from '../../links/link-record.ts'
import { POSITION_NONE, type PartitionId } from '../../links/ids.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import type { Ring } from '../../links/ring.ts'
import { codeOfLinkKey, firstKeyOfHash, HASH_MAX, isSoundKey, readLinkValue } from './link-entry.ts'
import { LOAD_BATCH_BYTES_MAX, LOAD_BATCH_MAX } from './link-store.ts'
import type { Keyspace } from '../data-directory/lmdb-environment.ts'

interface HashRange {
  readonly first: number
  /** Inclusive. */
  readonly last: number
}

/** Of a damaged entry, which its reader passes over. */
const DAMAGED = { position: POSITION_NONE, record: Buffer.alloc(0) as LinkRecord }
/** Links read in one step, in some tenths of a millisecond. */
const STRETCH_LINKS_MAX = 100

export async function* loadLinks(
  work: LongWork,
  links: Keyspace,
  ring: Ring,
  partitions: readonly PartitionId[],
): AsyncGenerator<readonly LinkVersion[]> {
  for (const range of rangesOf(ring, partitions)) {
    let after: Buffer | undefined = firstKeyOfHash(range.first)
    while (after !== undefined) {
      const batch: Batch = await work.run(batchOf(links, range, after), 'upkeep')
      if (batch.versions.length > 0) yield batch.versions
      after = batch.last
    }
  }
}

interface Batch {
  readonly versions: readonly LinkVersion[]
  /** The last key read; undefined: the range ends with it. */
  readonly last: Buffer | undefined
}

function* batchOf(links: Keyspace, { last }: HashRange, after: Buffer): Steps<Batch> {
  const end = last === HASH_MAX ? {} : { end: firstKeyOfHash(last + 1) }
  const versions: LinkVersion[] = []
  let start = after
  let bytes = 0
  while (versions.length < LOAD_BATCH_MAX && bytes < LOAD_BATCH_BYTES_MAX) {
    const before = versions.length
    for (const { key, value } of links.getRange({
      start,
      exclusiveStart: true,
      limit: STRETCH_LINKS_MAX,
      ...end,
    })) {
      versions.push(versionOf(key, value))
      bytes += value.length
      start = key
    }
    if (versions.length < before + STRETCH_LINKS_MAX) return { versions, last: undefined }
    yield
  }
  return { versions, last: start }
}

/** Values of a range read are copies, unlike those of `getBinaryFast`. */
function versionOf(key: Buffer, value: Buffer): LinkVersion {
  const code = codeOfLinkKey(key)
  return { code, ...((isSoundKey(key) && readLinkValue(value)) || DAMAGED) }
}

/** The ranges of hashes, rising, neighbours joined. */
function rangesOf(ring: Ring, partitions: readonly PartitionId[]): HashRange[] {
  const ranges: HashRange[] = []
  for (const partition of new Set(partitions.toSorted((a, b) => a - b))) {
    const { first, last } = ring.rangeOf(partition)
    const before = ranges.at(-1)
    if (before?.last === first - 1) ranges.splice(-1, 1, { first: before.first, last })
    else ranges.push({ first, last })
  }
  return ranges
}

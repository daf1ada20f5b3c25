/**
 * Reads all links of some partitions from the LMDB store, in batches.
 *
 * Used by `lmdb-link-store.ts` and, through it, when a node fills its memory at the start. Partitions
 * that follow each other are read as one range. Between two batches the database may change: a range
 * goes on above the last key read, so no key comes twice, and one that is there all the time comes.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { Ring } from '../../links/ring.ts'
import { Breather } from '../breather.ts'
import {
  codeOfLinkKey,
  firstKeyOfHash,
  HASH_MAX,
  positionOfValue,
  recordOfValue,
} from './link-entry.ts'
import { LOAD_BATCH_MAX } from './link-store.ts'
import type { Keyspace } from '../data-directory/lmdb-environment.ts'

interface HashRange {
  readonly first: number
  /** Inclusive. */
  readonly last: number
}

export async function* loadLinks(
  links: Keyspace,
  ring: Ring,
  partitions: readonly PartitionId[],
): AsyncGenerator<readonly LinkVersion[]> {
  const breather = new Breather()
  for (const { first, last } of rangesOf(ring, partitions)) {
    const end = last === HASH_MAX ? {} : { end: firstKeyOfHash(last + 1) }
    let after: Buffer | undefined = firstKeyOfHash(first)
    while (after !== undefined) {
      const range = { start: after, exclusiveStart: true, limit: LOAD_BATCH_MAX, ...end }
      const batch: LinkVersion[] = []
      let lastKey: Buffer | undefined
      for (const { key, value } of links.getRange(range)) {
        batch.push(versionOf(key, value))
        lastKey = key
      }
      if (batch.length > 0) yield batch
      after = batch.length < LOAD_BATCH_MAX ? undefined : lastKey
      if (breather.due()) await breather.breathe()
    }
  }
}

/** Values of a range read are copies, unlike those of `getBinaryFast`. */
function versionOf(key: Buffer, value: Buffer): LinkVersion {
  return {
    code: codeOfLinkKey(key),
    position: positionOfValue(value),
    record: recordOfValue(value),
  }
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

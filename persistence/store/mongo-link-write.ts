/**
 * One bulk of link versions for MongoDB: what it is made of, and what came of it.
 *
 * Used by both ways to speak to the server (`mongo-way.ts`). A version is an upsert by its code alone:
 * `$max` on `v` keeps the newer one (`mongo-link-document.ts`), so it is atomic, may be repeated, and
 * may come in any order. A document that the server refuses for good is named by its index.
 *
 *   1. two nodes upsert a code that is not there    2. both find nothing, one inserts
 *   3. the other's insert is a duplicate: it says nothing of which is newer, and is done again
 */
import type { AnyBulkWriteOperation } from 'mongodb'
import { within } from '../../links/clock.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Refusal } from './link-store.ts'
import { FLUSH_MS_MAX } from './mongo-database.ts'
import { failedOperations } from './mongo-failure.ts'
import { fieldsOf, type LinkDocument } from './mongo-link-document.ts'

/** How often an upsert that another node overtook is tried again. */
export const UPSERT_ATTEMPTS_MAX = 5

export type PartitionOf = (version: LinkVersion) => PartitionId

export function upsertOf(
  version: LinkVersion,
  partitionOf: PartitionOf,
): AnyBulkWriteOperation<LinkDocument> {
  const update = {
    $max: { v: fieldsOf(version) },
    $setOnInsert: { p: partitionOf(version) },
  }
  return { updateOne: { filter: { _id: version.code }, update, upsert: true } }
}

/** Runs an unordered bulk, adds what is refused to `refusals`, and returns the duplicates. */
export async function runBulk(
  versions: readonly LinkVersion[],
  refusals: Refusal[],
  run: () => Promise<unknown>,
): Promise<LinkVersion[]> {
  try {
    await within(FLUSH_MS_MAX, 'a write', run())
    return []
  } catch (error) {
    const failed = failedOperations(error)
    if (failed.length === 0 || failed.some(({ failure }) => failure === 'unavailable')) throw error
    for (const { index, failure, reason } of failed) {
      const { code, position } = versions[index]!
      if (failure === 'refused') refusals.push({ code, position, reason })
    }
    const duplicates = failed.filter(({ failure }) => failure === 'duplicate')
    return duplicates.map(({ index }) => versions[index]!)
  }
}

export function slicesOf<T>(items: readonly T[], length: number): (readonly T[])[] {
  const slices: (readonly T[])[] = []
  for (let from = 0; from < items.length; from += length) {
    slices.push(items.slice(from, from + length))
  }
  return slices
}

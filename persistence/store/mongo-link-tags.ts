/**
 * Tags and the links that have them, from MongoDB.
 *
 * Used by `mongo-link-store.ts`. Only live links have `v.g`. Rejected: to let the server
 * count, which FerretDB cannot by a field within another one.
 */
import type { Collection, FindCursor } from 'mongodb'
import type { Code } from '../../links/ids.ts'
import type { TagCount } from '../../links/link-owner.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import type { LinkDocument } from './mongo-link-document.ts'
import { TagCounts } from './tag-counts.ts'

/** Different tags that are counted; those met after so many others are left out. */
const TAGS_COUNTED_MAX = 100_000
const BATCH_MAX = 1000

/** As `LinkDirectory.tags` says. */
export async function countTags(
  work: LongWork,
  links: Collection<LinkDocument>,
  timeMsMax: number,
): Promise<readonly TagCount[]> {
  const found = new Map<string, number>()
  const options = { maxTimeMS: timeMsMax, batchSize: BATCH_MAX, projection: { _id: 0, 'v.g': 1 } }
  const cursor = links.find({ 'v.g': { $exists: true } }, options)
  try {
    while (await cursor.hasNext()) await work.run(countBatch(found, cursor), 'request')
  } finally {
    await cursor.close()
  }
  const counts = new TagCounts()
  for (const [tag, count] of found) counts.add(tag, count)
  return counts.listed()
}

function* countBatch(found: Map<string, number>, cursor: FindCursor<LinkDocument>): Steps<void> {
  while (cursor.bufferedCount() > 0) {
    yield
    for (const { v } of cursor.readBufferedDocuments(1)) {
      for (const tag of v.g ?? []) {
        const before = found.get(tag)
        if (before !== undefined || found.size < TAGS_COUNTED_MAX) found.set(tag, (before ?? 0) + 1)
      }
    }
  }
}

/** As `LinkDirectory.codesOfTags` says. */
export async function codesOfTags(
  links: Collection<LinkDocument>,
  tags: readonly string[],
  codesMax: number,
  timeMsMax: number,
): Promise<ReadonlyMap<string, readonly Code[]> | undefined> {
  const codes = new Map(tags.map((tag) => [tag, [] as Code[]]))
  const options = { maxTimeMS: timeMsMax, limit: codesMax + 1, projection: { 'v.g': 1 } }
  const filter = { 'v.g': { $in: [...tags] } }
  let count = 0
  for await (const { _id, v } of links.find(filter, options)) {
    for (const tag of v.g ?? []) {
      const ofTag = codes.get(tag)
      if (ofTag === undefined) continue
      ofTag.push(_id as Code)
      if (++count > codesMax) return undefined
    }
  }
  return codes
}

/**
 * Tags and the links that have them, from the index of the LMDB store.
 *
 * Used by `lmdb-link-store.ts`, in turns with all other long work. Keys alone are read, a stretch at a time, each of
 * which sees one state of the database: a count is of the time in which it was made. Rejected: counts kept beside
 * the index, which would cost every write of a tagged link.
 */
import type { Code } from '../../links/ids.ts'
import type { TagCount } from '../../links/link-owner.ts'
import type { Steps } from '../../links/long-work.ts'
import type { Keyspace } from '../data-directory/lmdb-environment.ts'
import { codeOfTagKey, tagOfKey, tagPrefix } from './link-index.ts'
import { TagCounts } from './tag-counts.ts'

/** Index keys read in one go. */
const STRETCH_KEYS_MAX = 50
/** Above every index key with the same prefix: times end below 2^48 - 1. */
const TOP = Buffer.alloc(6, 0xff)

/** Below every key: no tag is empty. */
const BOTTOM = Buffer.of(0)

/** As `LinkDirectory.tags` says. */
export function* countTags(byTag: Keyspace): Steps<readonly TagCount[]> {
  const counts = new TagCounts()
  let tag: string | undefined
  let links = 0
  for (let start: Buffer | undefined = BOTTOM; start !== undefined;) {
    const keys: Buffer[] = keysAfter(byTag, start)
    start = keys.at(-1)
    for (const key of keys) {
      yield
      const next = tagOfKey(key)
      if (next !== tag) {
        if (tag !== undefined) counts.add(tag, links)
        tag = next
        links = 0
      }
      links++
    }
  }
  if (tag !== undefined) counts.add(tag, links)
  return counts.listed()
}

/** As `LinkDirectory.codesOfTags` says. */
export function* codesOfTags(
  byTag: Keyspace,
  tags: readonly string[],
  codesMax: number,
): Steps<ReadonlyMap<string, readonly Code[]> | undefined> {
  const codes = new Map<string, Code[]>()
  let count = 0
  for (const tag of tags) {
    const ofTag: Code[] = []
    const prefix = tagPrefix(tag)
    const end = Buffer.concat([prefix, TOP])
    for (let start: Buffer | undefined = prefix; start !== undefined;) {
      yield
      const keys: Buffer[] = keysAfter(byTag, start, end)
      start = keys.at(-1)
      count += keys.length
      if (count > codesMax) return undefined
      for (const key of keys) ofTag.push(codeOfTagKey(key))
    }
    codes.set(tag, ofTag)
  }
  return codes
}

function keysAfter(byTag: Keyspace, start: Buffer, end?: Buffer): Buffer[] {
  const range = { start, exclusiveStart: true, limit: STRETCH_KEYS_MAX }
  return [...byTag.getKeys(end === undefined ? range : { ...range, end })]
}

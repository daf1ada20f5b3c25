/**
 * Lists links from the indexes of the LMDB store.
 *
 * Used by `lmdb-link-store.ts`, in turns with all other long work. Reads keys backwards from the
 * cursor, a stretch at a time. Each stretch sees one state of the database; a link that goes between
 * a stretch and its turn is left out.
 */
import type { Code } from '../../links/ids.ts'
import { decodeLink } from '../../links/link-record.ts'
import type { Link } from '../../links/link.ts'
import type { ListPage, ListQuery } from '../../links/link-owner.ts'
import { ListFilter } from '../../links/list-filter.ts'
import type { Steps } from '../../links/long-work.ts'
import { codeOfKey, placeKey, tagPrefix } from './link-index.ts'
import { ListPageBuilder } from './list-page.ts'
import type { Keyspace } from '../data-directory/lmdb-environment.ts'
import { linkKey } from './link-entry.ts'
import { wholeValue } from './store-damage.ts'

/** Index keys read in one go, by a search; a plain page knows how many it needs. */
const STRETCH_KEYS_MAX = 50
/** Above every index key with the same prefix: times end below 2^48 - 1. */
const TOP = Buffer.alloc(6, 0xff)

export interface LinkKeyspaces {
  readonly links: Keyspace
  readonly byTime: Keyspace
  readonly byTag: Keyspace
}

/** A page of the list, as `ListQuery` and `ListPage` say. */
export function* listLinks(keyspaces: LinkKeyspaces, query: ListQuery): Steps<ListPage> {
  const page = new ListPageBuilder(query)
  const index = query.tag === undefined ? keyspaces.byTime : keyspaces.byTag
  const prefix = query.tag === undefined ? Buffer.alloc(0) : tagPrefix(query.tag)
  const stretch = ListFilter.isSelective(query)
    ? STRETCH_KEYS_MAX
    : Math.min(STRETCH_KEYS_MAX, query.limit + 1)
  let before: Buffer | undefined = Buffer.concat([
    prefix,
    page.place === undefined ? TOP : placeKey(page.place),
  ])
  while (before !== undefined) {
    const keys = keysBefore(index, prefix, before, stretch)
    before = keys.at(-1)
    for (const key of keys) {
      yield
      const link = liveLink(keyspaces.links, codeOfKey(key, prefix.length))
      if (link === undefined || !isUnder(key, prefix, link, query.tag)) continue
      if (!page.offer(link)) return page.page()
    }
  }
  return page.page()
}

/** Keys below `before` that begin with the prefix, from the highest down. */
function keysBefore(index: Keyspace, prefix: Buffer, before: Buffer, limit: number): Buffer[] {
  const range = { start: before, end: prefix, reverse: true, exclusiveStart: true, limit }
  return [...index.getKeys(range)]
}

/** @throws TinygridError store_damaged: left out, the link would seem not to be there */
function liveLink(links: Keyspace, code: Code): Link | undefined {
  const value = links.getBinaryFast(linkKey(code))
  if (value === undefined) return undefined
  const link = decodeLink(wholeValue(code, value).record)
  return link.lifecycle === 'live' ? link : undefined
}

/** Not where the key is left from a version that was damaged when it was replaced. */
function isUnder(key: Buffer, prefix: Buffer, link: Link, tag: string | undefined): boolean {
  const hasTag = tag === undefined || link.tags.includes(tag)
  return hasTag && placeKey(link).equals(key.subarray(prefix.length))
}

/**
 * Lists links from the indexes of MongoDB.
 *
 * Used by `mongo-link-store.ts`. One cursor in the order of the list, from just after the place where
 * the last page ended. What is not live has no `v.t` and is never met. A search reads on until the
 * page is full or its effort is spent. What a batch holds is decoded and looked at as long work.
 */
import type { Collection, Filter, FindCursor } from 'mongodb'
import { decodeLink, isWholeVersion } from '../../links/link-record.ts'
import type { ListPage, ListQuery } from '../../links/link-owner.ts'
import { ListFilter } from '../../links/list-filter.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import { ListPageBuilder, SEARCH_EXAMINED_MAX, type ListPlace } from './list-page.ts'
import { versionOf, type LinkDocument, type StoredLink } from './mongo-link-document.ts'

const LIST_BATCH_MAX = 1000
/** Above every time. */
const TIME_END = 2 ** 48

export async function listLinks(
  work: LongWork,
  links: Collection<LinkDocument>,
  query: ListQuery,
  timeMsMax: number,
): Promise<ListPage> {
  const page = new ListPageBuilder(query)
  // One more than the page takes tells whether anything follows.
  const examined = ListFilter.isSelective(query) ? SEARCH_EXAMINED_MAX + 1 : query.limit + 1
  const cursor = links
    .find<StoredLink>(filterOf(query, page.place), {
      sort: { 'v.t': -1, _id: -1 },
      limit: examined,
      batchSize: Math.min(LIST_BATCH_MAX, examined),
      maxTimeMS: timeMsMax,
    })
    .project<StoredLink>({ v: 1 })
  try {
    let isFull = false
    while (!isFull && (await cursor.hasNext())) {
      isFull = await work.run(offerBatch(page, cursor), 'request')
    }
  } finally {
    await cursor.close()
  }
  return page.page()
}

/** What has come is decoded one by one. True: the page is full. */
function* offerBatch(page: ListPageBuilder, cursor: FindCursor<StoredLink>): Steps<boolean> {
  for (const document of buffered(cursor)) {
    const version = versionOf(document)
    // One that is damaged keeps nobody from the others.
    if (isWholeVersion(version) && !page.offer(decodeLink(version.record))) return true
    yield
  }
  return false
}

function filterOf({ tag }: ListQuery, place: ListPlace | undefined): Filter<LinkDocument> {
  const ofTag = tag === undefined ? {} : { 'v.g': tag }
  if (place === undefined) return { ...ofTag, 'v.t': { $lt: TIME_END } }
  const { createdAt, code } = place
  const after = [{ 'v.t': { $lt: createdAt } }, { 'v.t': createdAt, _id: { $lt: code } }]
  return { ...ofTag, $or: after }
}

/** The documents that a cursor has received, each decoded when it is asked for. */
export function* buffered(cursor: FindCursor<StoredLink>): Generator<StoredLink> {
  while (cursor.bufferedCount() > 0) yield* cursor.readBufferedDocuments(1)
}

/** What MongoDB lists is looked at in turns; that it lists rightly, the contract tells. */
import test from 'ava'
import type { Collection } from 'mongodb'
import { countedWork, STEPS_PER_TURN } from '../../links/testing/counted-work.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import type { LinkDocument, StoredLink } from './mongo-link-document.ts'
import { listLinks } from './mongo-link-list.ts'

const LINKS = 2000
const BATCH = 500

test('a search gives way after every few links, also within what came at once', async (t) => {
  const { work, turns } = countedWork()
  const page = await listLinks(work, manyLinks(), { limit: 10, search: 'nowhere' }, 1000)
  t.deepEqual(page, { links: [], nextCursor: null })
  t.true(turns() >= LINKS / STEPS_PER_TURN, `${turns()} turns`)
})

/** As much of a collection as a list asks for. */
function manyLinks(): Collection<LinkDocument> {
  const stored = Array.from({ length: LINKS }, (_, index): StoredLink => {
    const { code, position, record } = linkVersion(`code-${index}`, 1)
    return { _id: code, v: { s: position, r: record } }
  })
  const received: StoredLink[] = []
  const cursor = {
    project: () => cursor,
    hasNext: async () => {
      if (received.length === 0) received.push(...stored.splice(0, BATCH))
      return received.length > 0
    },
    bufferedCount: () => received.length,
    readBufferedDocuments: (count: number) => received.splice(0, count),
    close: async () => {},
  }
  return { find: () => cursor } as unknown as Collection<LinkDocument>
}

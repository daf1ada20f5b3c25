/**
 * Goes through the service's pages until enough links are found, the end is reached or it has asked
 * often enough.
 *
 * Used by the list. The service looks at a bounded number of links per request, so a search for
 * something rare answers with short and empty pages; yields each page as it comes, so that what is
 * found shows at once. The bound keeps a search without hits from reading a store of millions; the
 * person can let it go on.
 */
import type { LinkPage } from './api.ts'

export const LINKS_PER_LOAD = 25
export const REQUESTS_PER_LOAD_MAX = 20

export async function* pagesUntilFound(
  readPage: (cursor: string | null) => Promise<LinkPage>,
  start: string | null,
): AsyncGenerator<LinkPage> {
  let cursor = start
  let found = 0
  for (let request = 0; request < REQUESTS_PER_LOAD_MAX; request++) {
    const page = await readPage(cursor)
    found += page.links.length
    yield page
    cursor = page.nextCursor
    if (cursor === null || found >= LINKS_PER_LOAD) return
  }
}

/** A search goes on through short pages, and stops in time. */
import test from 'ava'
import type { Link, LinkPage } from './api.ts'
import { LINKS_PER_LOAD, pagesUntilFound, REQUESTS_PER_LOAD_MAX } from './link-search.ts'

/** A service whose page `n` has `found(n)` links, of `total` pages. */
function serviceOf(total: number, found: (page: number) => number) {
  const asked: (string | null)[] = []
  const readPage = async (cursor: string | null): Promise<LinkPage> => {
    asked.push(cursor)
    const page = Number(cursor ?? 0)
    const links = Array.from({ length: found(page) }, (_, index) => ({ code: `${page}-${index}` }))
    return { links: links as Link[], nextCursor: page + 1 < total ? String(page + 1) : null }
  }
  return { readPage, asked }
}

async function load(readPage: (cursor: string | null) => Promise<LinkPage>, start: string | null) {
  return Array.fromAsync(pagesUntilFound(readPage, start))
}

test('a full page is enough', async (t) => {
  const { readPage, asked } = serviceOf(3, () => LINKS_PER_LOAD)
  await load(readPage, '1')
  t.deepEqual(asked, ['1'])
})

test('empty pages are passed over until something is found', async (t) => {
  const { readPage } = serviceOf(9, (page) => (page === 6 ? LINKS_PER_LOAD : 0))
  const pages = await load(readPage, null)
  t.is(pages.length, 7)
  t.is(pages.at(-1)?.links.length, LINKS_PER_LOAD)
  t.is(pages.at(-1)?.nextCursor, '7')
})

test('the end is the end, whatever was found', async (t) => {
  const { readPage } = serviceOf(4, () => 1)
  t.is((await load(readPage, null)).length, 4)
})

test('a search that finds nothing pauses rather than read everything', async (t) => {
  const { readPage, asked } = serviceOf(1_000_000, () => 0)
  const pages = await load(readPage, null)
  t.is(asked.length, REQUESTS_PER_LOAD_MAX)
  t.is(pages.at(-1)?.nextCursor, String(REQUESTS_PER_LOAD_MAX))
})

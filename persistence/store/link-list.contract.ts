/** What every link store must list, in which order, page by page. Run by each adapter's test. */
import { decodeLink } from '../../links/link-record.ts'
import type { Link } from '../../links/link.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { ListQuery } from '../../links/link-owner.ts'
import type { ListState } from '../../links/list-filter.ts'
import { storeStories, type StorePlace, type StoreStory } from './link-store.contract.ts'
import type { LinkStore } from './link-store.ts'
import { SEARCH_EXAMINED_MAX } from './list-page.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

export function testLinkListContract(name: string, createPlace: () => Promise<StorePlace>): void {
  const story = storeStories(name, createPlace)
  testOrder(story)
  testFilters(story)
  testRangesAndStates(story)
  testSearches(story)
  testSearchEffort(story)
  testAbandonedList(story)
  testCursors(story)
  testTags(story)
}

function testOrder(story: StoreStory): void {
  story('an empty list', async (t, store) => {
    t.deepEqual(await store.list({ limit: 10 }), { links: [], nextCursor: null })
  })

  story('newest first, then by code, whole links', async (t, store) => {
    const versions = [linkVersion('a', 1, { createdAt: at(1), tags: ['t'] }), made('c', 3)]
    await store.write([...versions, made('b', 3), made('d', 2)])
    const { links, nextCursor } = await store.list({ limit: 10 })
    t.deepEqual(codesOf(links), ['c', 'b', 'd', 'a'])
    t.deepEqual(links.at(-1), decodeLink(versions[0]!.record))
    t.is(nextCursor, null)
  })

  story('only live links are listed', async (t, store) => {
    await store.write([made('a', 1), made('b', 2), made('c', 3)])
    await store.write([
      linkVersion('a', 2, { createdAt: at(1), lifecycle: 'deleted' }),
      linkVersion('b', 2, { createdAt: at(2), lifecycle: 'purged' }),
    ])
    t.deepEqual(await codes(store, {}), ['c'])
    await store.write([linkVersion('a', 3, { createdAt: at(1) })])
    t.deepEqual(await codes(store, {}), ['c', 'a'])
  })

  story('a code given again after a purge is listed at its new time', async (t, store) => {
    await store.write([made('a', 1), made('b', 2)])
    await store.write([linkVersion('a', 2, { createdAt: at(1), lifecycle: 'purged' })])
    await store.write([linkVersion('a', 3, { createdAt: at(9) })])
    t.deepEqual(await codes(store, {}), ['a', 'b'])
  })
}

function testFilters(story: StoreStory): void {
  story('a tag lists the links that have exactly it', async (t, store) => {
    await store.write([
      linkVersion('a', 1, { createdAt: at(1), tags: ['red', 'blue'] }),
      linkVersion('b', 1, { createdAt: at(2), tags: ['redder'] }),
      linkVersion('c', 1, { createdAt: at(3), tags: ['ré', 'red'] }),
    ])
    t.deepEqual(await codes(store, { tag: 'red' }), ['c', 'a'])
    t.deepEqual(await codes(store, { tag: 'ré' }), ['c'])
    t.deepEqual(await codes(store, { tag: 're' }), [])
    await store.write([linkVersion('c', 2, { createdAt: at(3), tags: ['blue'] })])
    t.deepEqual(await codes(store, { tag: 'red' }), ['a'])
    t.deepEqual(await codes(store, { tag: 'blue' }), ['c', 'a'])
  })
}

function testRangesAndStates(story: StoreStory): void {
  story('a list is of links made within a time', async (t, store) => {
    await store.write(Array.from({ length: 9 }, (_, n) => made(`c${n}`, n)))
    t.deepEqual(await codes(store, { createdFrom: at(7) }), ['c8', 'c7'])
    t.deepEqual(await codes(store, { createdTo: at(2) }), ['c1', 'c0'])
    t.deepEqual(await codes(store, { createdFrom: at(3), createdTo: at(5) }), ['c4', 'c3'])
    t.deepEqual(await codes(store, { createdFrom: at(5), createdTo: at(5) }), [])
    const range = { createdFrom: at(2), createdTo: at(7) }
    t.deepEqual(await pages(store, { limit: 2, ...range }), [['c6', 'c5'], ['c4', 'c3'], ['c2']])
    t.is((await store.list({ limit: 5, ...range })).nextCursor, null)
  })

  story('a list is of links in a state', async (t, store) => {
    await store.write([
      made('plain', 1),
      linkVersion('late', 1, { createdAt: at(2), expiresAt: at(100) }),
      linkVersion('metered', 1, { createdAt: at(3), maxVisits: 2, visits: 1 }),
      linkVersion('used', 1, { createdAt: at(4), maxVisits: 2, visits: 2 }),
      linkVersion('soon', 1, { createdAt: at(5), validFrom: at(200) }),
    ])
    const ofState = (is: ListState, now: number) => codes(store, { state: { is, at: at(now) } })
    t.deepEqual(await ofState('active', 99), ['metered', 'late', 'plain'])
    t.deepEqual(await ofState('active', 200), ['soon', 'metered', 'plain'])
    t.deepEqual(await ofState('expired', 100), ['late'])
    t.deepEqual(await ofState('scheduled', 199), ['soon'])
    const used = await pages(store, { limit: 1, state: { is: 'used_up', at: at(100) } })
    t.deepEqual(used.flat(), ['used'])
  })
}

function testSearches(story: StoreStory): void {
  story('a search finds a part of code, URL, title or tag in any case', async (t, store) => {
    await store.write([
      made('needle-1', 1),
      linkVersion('b', 1, { createdAt: at(2), url: 'https://example.com/a-NEEDLE' }),
      linkVersion('c', 1, { createdAt: at(3), title: 'Some Needle' }),
      linkVersion('d', 1, { createdAt: at(4), tags: ['x', 'needles'] }),
      made('e', 5),
    ])
    t.deepEqual(await codes(store, { search: 'nEEdle' }), ['d', 'c', 'b', 'needle-1'])
    t.deepEqual(await codes(store, { search: 'needle', tag: 'x' }), ['d'])
    t.deepEqual(await codes(store, { search: 'nowhere' }), [])
  })

  story('a search finds a URL as browsers show it, and as it is stored', async (t, store) => {
    const unicode = 'https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=a%20b&x=%FF'
    await store.write([
      linkVersion('a', 1, { createdAt: at(1), url: unicode }),
      linkVersion('b', 1, { createdAt: at(2), url: 'https://example.com/100%25' }),
    ])
    for (const search of [
      'bücher.example',
      'BÜCHER',
      'bu\u0308cher',
      'https://Bücher.example/größe',
      'HTTPS://BÜCHER.EXAMPLE:443/GRÖSSE',
      'xn--bcher-kva',
      '/größe',
      '/gr%c3%b6%C3%9Fe',
      'a b',
      'a%20b',
      '%FF',
      '  bücher  ',
    ]) {
      t.deepEqual(await codes(store, { search }), ['a'], search)
    }
    t.deepEqual(await codes(store, { search: '100%' }), ['b'])
    t.deepEqual(await codes(store, { search: '%2' }), ['b', 'a'])
    t.deepEqual(await codes(store, { search: 'buecher' }), [])
  })

  story('a search does not mind case, in any script', async (t, store) => {
    await store.write([
      linkVersion('a', 1, { createdAt: at(1), title: 'Straße der Ökologie' }),
      linkVersion('b', 1, { createdAt: at(2), tags: ['ΟΔΥΣΣΕΥΣ'] }),
      linkVersion('c', 1, { createdAt: at(3), title: 'Привет' }),
    ])
    t.deepEqual(await codes(store, { search: 'STRASSE' }), ['a'])
    t.deepEqual(await codes(store, { search: 'STRA\u1e9eE DER öKO' }), ['a'])
    t.deepEqual(await codes(store, { search: 'straße\nder' }), ['a'])
    t.deepEqual(await codes(store, { search: 'οδυσσευς' }), ['b'])
    t.deepEqual(await codes(store, { search: 'ПРИВЕТ' }), ['c'])
  })
}

function testSearchEffort(story: StoreStory): void {
  story('a search ends a page after a bounded effort and can go on', async (t, store) => {
    const count = SEARCH_EXAMINED_MAX + 10
    const haystack = Array.from({ length: count }, (_, index) => made(`hay-${index}`, 1000 + index))
    await store.write([made('needle', 1), ...haystack])
    const first = await store.list({ limit: 10, search: 'needle' })
    t.deepEqual(first.links, [])
    const second = await store.list({ limit: 10, search: 'needle', cursor: first.nextCursor! })
    t.deepEqual(codesOf(second.links), ['needle'])
    t.is(second.nextCursor, null)
  })
}

function testAbandonedList(story: StoreStory): void {
  story('a page that nobody waits for any more looks at no further link', async (t, store) => {
    await store.write([made('a', 1), made('b', 2)])
    const signal = AbortSignal.abort()
    for (const query of [{ limit: 10 }, { limit: 10, search: 'a' }]) {
      const { links, nextCursor } = await store.list({ ...query, signal })
      t.deepEqual(links, [])
      t.is(nextCursor, null)
    }
  })
}

function testCursors(story: StoreStory): void {
  story('pages follow each other without gap or repetition', async (t, store) => {
    const versions = Array.from({ length: 25 }, (_, index) => made(`c${index}`, index >> 2))
    await store.write(versions)
    const all = await codes(store, {})
    t.is(all.length, 25)
    for (const limit of [1, 5, 24, 25, 26]) {
      t.deepEqual((await pages(store, { limit })).flat(), all)
    }
    t.deepEqual(
      (await pages(store, { limit: 5 })).map((page) => page.length),
      [5, 5, 5, 5, 5],
    )
  })

  story('links created or deleted between pages disturb nothing', async (t, store) => {
    await store.write([made('a', 1), made('b', 2), made('c', 3), made('d', 4)])
    const { links, nextCursor } = await store.list({ limit: 2 })
    t.deepEqual(codesOf(links), ['d', 'c'])
    await store.write([
      made('new', 9),
      linkVersion('c', 2, { createdAt: at(3), lifecycle: 'deleted' }),
    ])
    t.deepEqual(await codes(store, { cursor: nextCursor! }), ['b', 'a'])
  })

  story('a cursor that no list has given is refused', async (t, store) => {
    for (const cursor of ['', 'x', '!!!', 'AAAAAAAA', 'AAAAAAAALy8', 'A'.repeat(500)]) {
      await t.throwsAsync(
        store.list({ limit: 1, cursor }),
        { code: 'invalid_field', message: /cursor/ },
        cursor,
      )
    }
  })
}

function testTags(story: StoreStory): void {
  story('tags are counted over live links, the most used first', async (t, store) => {
    t.deepEqual(await store.tags(), [])
    await writeTagged(store)
    t.deepEqual(await store.tags(), [
      { tag: 'red', links: 3 },
      { tag: 'blue', links: 1 },
      { tag: 'ré', links: 1 },
    ])
    await store.write([
      linkVersion('a', 2, { createdAt: at(1), tags: ['red'], lifecycle: 'deleted' }),
      linkVersion('b', 2, { createdAt: at(2), tags: ['redder'] }),
    ])
    t.deepEqual(await store.tags(), [
      { tag: 'red', links: 1 },
      { tag: 'redder', links: 1 },
      { tag: 'ré', links: 1 },
    ])
  })

  story('a tag leads to the codes that have it, up to a bound of all', async (t, store) => {
    await writeTagged(store)
    const found = await store.codesOfTags(['red', 'blue', 'none'], 4)
    t.deepEqual(
      [...found!].map(([tag, of]) => [tag, [...of].sort()]),
      [
        ['red', ['a', 'b', 'c']],
        ['blue', ['b']],
        ['none', []],
      ],
    )
    t.is(await store.codesOfTags(['red', 'blue'], 3), undefined)
    t.deepEqual(await store.codesOfTags([], 0), new Map())
    await store.write([linkVersion('a', 2, { createdAt: at(1), lifecycle: 'purged' })])
    t.deepEqual([...(await store.codesOfTags(['red'], 2))!.get('red')!].sort(), ['b', 'c'])
  })

  story('many links of a tag are counted and found', async (t, store) => {
    const tags = ['many']
    const versions = Array.from({ length: 205 }, (_, n) =>
      linkVersion(`c${n}`, 1, { createdAt: at(n), tags: n % 2 === 0 ? [...tags, 'even'] : tags }),
    )
    await store.write(versions)
    t.deepEqual(await store.tags(), [
      { tag: 'many', links: 205 },
      { tag: 'even', links: 103 },
    ])
    t.is(new Set((await store.codesOfTags(tags, 205))!.get('many')).size, 205)
  })
}

function writeTagged(store: LinkStore) {
  return store.write([
    linkVersion('a', 1, { createdAt: at(1), tags: ['red'] }),
    linkVersion('b', 1, { createdAt: at(2), tags: ['red', 'blue'] }),
    linkVersion('c', 1, { createdAt: at(3), tags: ['ré', 'red'] }),
    made('d', 4),
  ])
}

function at(ms: number): EpochMs {
  return ms as EpochMs
}

function made(code: string, createdAt: number) {
  return linkVersion(code, 1, { createdAt: at(createdAt) })
}

function codesOf(links: readonly Link[]): string[] {
  return links.map(({ code }) => code)
}

async function codes(store: LinkStore, query: Partial<ListQuery>): Promise<string[]> {
  return codesOf((await store.list({ limit: 1000, ...query })).links)
}

async function pages(store: LinkStore, query: ListQuery): Promise<string[][]> {
  const { links, nextCursor } = await store.list(query)
  if (nextCursor === null) return [codesOf(links)]
  return [codesOf(links), ...(await pages(store, { ...query, cursor: nextCursor }))]
}

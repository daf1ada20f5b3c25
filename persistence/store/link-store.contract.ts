/** What every link store must do, whatever keeps it. Run by each adapter's test. */
import test, { type ExecutionContext } from 'ava'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { LOAD_BATCH_MAX, type LinkStore } from './link-store.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

/** One place that keeps a store of 16 partitions. */
export interface StorePlace {
  /** Opens what is there; after a `close` again. */
  open(): Promise<LinkStore>
  remove(): Promise<void>
}

export type StoreStory = (
  title: string,
  tell: (t: ExecutionContext, store: LinkStore, place: StorePlace) => Promise<void>,
) => void

export const STORE_RING = new Ring(16)

export function storeStories(name: string, createPlace: () => Promise<StorePlace>): StoreStory {
  return (title, tell) => {
    test(`${name}: ${title}`, async (t) => {
      const place = await createPlace()
      try {
        await tell(t, await place.open(), place)
      } finally {
        await place.remove()
      }
    })
  }
}

export function testLinkStoreContract(name: string, createPlace: () => Promise<StorePlace>): void {
  const story = storeStories(name, createPlace)
  testVersions(story)
  testLoads(story)
  testCheckpoints(story)
}

function testVersions(story: StoreStory): void {
  story('a link never written is not there', async (t, store) => {
    t.is(await store.get('abc' as Code), undefined)
  })

  story('what is written is read, also after close and open', async (t, store, place) => {
    const link = linkVersion('abc', 5, { title: 'Ümlaut', tags: ['x', 'y'] })
    t.deepEqual(await store.write([link, linkVersion('abd', 1)]), [])
    t.deepEqual(await store.get('abc' as Code), link)
    await store.close()
    const again = await place.open()
    t.deepEqual(await again.get('abc' as Code), link)
    await again.close()
  })

  story('an older version never replaces a newer one, in whatever order', async (t, store) => {
    const [v1, v2, v3] = [1, 2, 3].map((position) => linkVersion('abc', position))
    await store.write([v2!])
    await store.write([v1!])
    t.deepEqual(await store.get('abc' as Code), v2)
    await store.write([v3!, v1!, v2!])
    t.deepEqual(await store.get('abc' as Code), v3)
    await store.write([v3!])
    t.deepEqual(await store.get('abc' as Code), v3)
  })

  story('writes called together leave the newest version', async (t, store) => {
    const versions = [4, 2, 5, 1, 3].map((position) => linkVersion('abc', position))
    await Promise.all(versions.map((version) => store.write([version])))
    t.deepEqual(await store.get('abc' as Code), versions[2])
  })

  story('a version handed out stays as it was', async (t, store) => {
    await store.write([linkVersion('abc', 1)])
    const version = await store.get('abc' as Code)
    await store.write([linkVersion('abc', 2, { url: 'https://example.net/other' })])
    await store.write(many(200))
    await Promise.all(many(200).map(({ code }) => store.get(code)))
    t.deepEqual(version, linkVersion('abc', 1))
  })

  story('tombstones are read like versions until they are removed', async (t, store) => {
    const tombstone = linkVersion('abc', 2, { lifecycle: 'purged' })
    await store.write([linkVersion('abc', 1), tombstone])
    t.deepEqual(await store.get('abc' as Code), tombstone)
    await store.removeTombstones([tombstone])
    await store.removeTombstones([tombstone])
    t.is(await store.get('abc' as Code), undefined)
  })

  story('a tombstone that a newer version replaced is not removed', async (t, store) => {
    const tombstone = linkVersion('abc', 2, { lifecycle: 'purged' })
    const newer = linkVersion('abc', 3)
    await store.write([tombstone])
    await store.write([newer])
    await store.removeTombstones([tombstone])
    t.deepEqual(await store.get('abc' as Code), newer)
  })
}

function testLoads(story: StoreStory): void {
  story('a load gives every version of its partitions once, tombstones too', async (t, store) => {
    const versions = [...many(3000), linkVersion('gone', 9, { lifecycle: 'purged' })]
    await store.write(versions)
    const partitions = [15, 0, 1, 2, 7] as PartitionId[]
    const wanted = versions.filter(({ code }) => partitions.includes(STORE_RING.partitionOf(code)))
    t.deepEqual(byCode(await loadAll(t, store, partitions)), byCode(wanted))
    t.deepEqual(byCode(await loadAll(t, store, STORE_RING.all())), byCode(versions))
    t.deepEqual(await loadAll(t, store, []), [])
  })

  story('a load under way is not disturbed by writes', async (t, store) => {
    const versions = many(1500)
    await store.write(versions)
    const codes = new Set<Code>()
    for await (const batch of store.load(STORE_RING.all())) {
      for (const { code } of batch) {
        t.false(codes.has(code), 'each code once')
        codes.add(code)
      }
      await store.write(many(1500, 10))
    }
    t.is(codes.size, 1500)
  })
}

function testCheckpoints(story: StoreStory): void {
  story('checkpoints only rise, and survive', async (t, store, place) => {
    t.deepEqual(await store.checkpoints(), new Map())
    await store.saveCheckpoints(positions([0, 5], [9, 2 ** 40]))
    await store.saveCheckpoints(positions([0, 3], [9, 2 ** 40], [1, 1]))
    const expected = positions([0, 5], [1, 1], [9, 2 ** 40])
    t.deepEqual(sorted(await store.checkpoints()), sorted(expected))
    await store.close()
    const again = await place.open()
    t.deepEqual(sorted(await again.checkpoints()), sorted(expected))
    await again.close()
  })
}

/** Links of different codes, spread over the partitions. */
function many(count: number, position = 1): LinkVersion[] {
  return Array.from({ length: count }, (_, index) => linkVersion(`code-${index}`, position))
}

async function loadAll(
  t: ExecutionContext,
  store: LinkStore,
  partitions: PartitionId[],
): Promise<LinkVersion[]> {
  const batches = await Array.fromAsync(store.load(partitions))
  t.true(batches.every((batch) => batch.length > 0 && batch.length <= LOAD_BATCH_MAX))
  return batches.flat()
}

function byCode(versions: readonly LinkVersion[]): LinkVersion[] {
  return versions.toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

function positions(...pairs: (readonly [number, number])[]): Map<PartitionId, LogPosition> {
  return new Map(pairs) as unknown as Map<PartitionId, LogPosition>
}

function sorted(checkpoints: ReadonlyMap<PartitionId, LogPosition>): [PartitionId, LogPosition][] {
  return [...checkpoints].sort(([a], [b]) => a - b)
}

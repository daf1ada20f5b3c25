/** The LMDB store keeps the contract of a link store, and does not hold up the event loop. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { systemLongWork } from '../../links/long-work.ts'
import { countedWork, STEPS_PER_TURN } from '../../links/testing/counted-work.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import type { Code } from '../../links/ids.ts'
import { testLinkListContract } from './link-list.contract.ts'
import { STORE_RING, testLinkStoreContract } from './link-store.contract.ts'
import { LmdbLinkStore } from './lmdb-link-store.ts'

const work = systemLongWork()

const { partitions } = STORE_RING

const createPlace = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-store-'))
  return {
    open: () => LmdbLinkStore.open(directory, { partitions, work }),
    remove: () => rm(directory, { recursive: true }),
  }
}

testLinkStoreContract('LMDB store', createPlace)
testLinkListContract('LMDB store', createPlace)

test('a closed store is unavailable', async (t) => {
  const place = await createPlace()
  const store = await place.open()
  await store.close()
  await t.throwsAsync(store.get('abc' as Code), { code: 'store_unavailable' })
  await place.remove()
})

test('a search and a load give way after every few links, whatever the disk does', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-store-'))
  const { work: counted, turns } = countedWork()
  const store = await LmdbLinkStore.open(directory, { partitions, work: counted })
  await store.write(Array.from({ length: 2000 }, (_, index) => linkVersion(`code-${index}`, 1)))
  const before = turns()
  t.deepEqual(await store.list({ limit: 10, search: 'nowhere' }), { links: [], nextCursor: null })
  const searched = turns()
  t.true(searched - before >= 2000 / STEPS_PER_TURN, `${searched - before} turns`)
  await Array.fromAsync(store.load(STORE_RING.all()))
  t.true(turns() > searched)
  await store.close()
  await rm(directory, { recursive: true })
})

/** The LMDB store keeps the contract of a link store, and does not hold up the event loop. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Code } from '../../links/ids.ts'
import { testLinkListContract } from './link-list.contract.ts'
import { STORE_RING, testLinkStoreContract } from './link-store.contract.ts'
import { LmdbLinkStore } from './lmdb-link-store.ts'

const { partitions } = STORE_RING

const createPlace = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tinygrid-store-'))
  return {
    open: () => LmdbLinkStore.open(directory, { partitions }),
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

/** The store in MongoDB keeps the contract of a link store. */
import test from 'ava'
import { findProgram } from '../../test/services/service-program.ts'
import { MongoService } from '../../test/services/mongo-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { testLinkListContract } from './link-list.contract.ts'
import { STORE_RING, testLinkStoreContract } from './link-store.contract.ts'
import { MongoLinkStore } from './mongo-link-store.ts'

const { partitions } = STORE_RING
const REACHED_WITHIN_MS = 20_000

if (findProgram('mongo') === undefined) {
  testWith('mongo')('MongoDB store: the contract', () => {})
} else {
  testLinkStoreContract('MongoDB store', createPlace)
  testLinkListContract('MongoDB store', createPlace)
}

/** One server for all, since it takes a while to warm up; a namespace for each story. */
let server: Promise<MongoService> | undefined
let places = 0

test.after.always(async () => {
  await (await server)?.close()
})

async function createPlace() {
  server ??= MongoService.start()
  const { url } = await server
  const namespace = `place-${places++}`
  const opened: MongoLinkStore[] = []
  return {
    async open() {
      const store = await MongoLinkStore.open({ url, namespace, partitions })
      opened.push(store)
      await untilReached(store)
      return store
    },
    async remove() {
      await Promise.all(opened.map((store) => store.close()))
    },
  }
}

/** A store is open before its server is there; stories begin when it is. */
async function untilReached(store: MongoLinkStore): Promise<void> {
  const deadline = performance.now() + REACHED_WITHIN_MS
  while ((await store.check()) !== 'ok') {
    if (performance.now() > deadline) throw new Error('MongoDB was not reached in time')
  }
}

/** The store in MongoDB keeps the contract of a link store. */
import { findProgram } from '../test/services/service-program.ts'
import { MongoService } from '../test/services/mongo-service.ts'
import { testWith } from '../test/services/service-test.ts'
import { testLinkListContract } from './link-list.contract.ts'
import { STORE_RING, testLinkStoreContract } from './link-store.contract.ts'
import type { LinkStore } from './link-store.ts'
import { MongoLinkStore } from './mongo-link-store.ts'

const { partitions } = STORE_RING

if (findProgram('mongo') === undefined) {
  testWith('mongo')('MongoDB store: the contract', () => {})
} else {
  testLinkStoreContract('MongoDB store', createPlace)
  testLinkListContract('MongoDB store', createPlace)
}

async function createPlace() {
  const mongo = await MongoService.start()
  const opened: LinkStore[] = []
  return {
    async open() {
      const store = await MongoLinkStore.open({ url: mongo.url, namespace: 'tinygrid', partitions })
      opened.push(store)
      return store
    },
    async remove() {
      await Promise.all(opened.map((store) => store.close()))
      await mongo.close()
    },
  }
}

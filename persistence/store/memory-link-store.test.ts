/** The memory store keeps the contract of a link store. */
import { testLinkListContract } from './link-list.contract.ts'
import { STORE_RING, testLinkStoreContract } from './link-store.contract.ts'
import { MemoryLinkStore } from './memory-link-store.ts'

const createPlace = async () => {
  const store = new MemoryLinkStore(STORE_RING)
  return { open: async () => store, remove: async () => {} }
}

testLinkStoreContract('memory store', createPlace)
testLinkListContract('memory store', createPlace)

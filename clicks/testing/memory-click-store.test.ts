/** The plain recount keeps the contract that it is the reference of. */
import { testClickStoreContract } from '../store/click-store.contract.ts'
import { MemoryClickStore } from './memory-click-store.ts'

testClickStoreContract(
  'memory click store',
  async () => {
    const store = new MemoryClickStore()
    return {
      open: async () => store,
      openEmpty: async () => new MemoryClickStore(),
      remove: async () => {},
    }
  },
  { hasParquet: false, runs: 5 },
)

/** The memory cache keeps the contract of a fallback cache. */
import { testFallbackCacheContract } from './fallback-cache.contract.ts'
import { MemoryFallbackCache, TIME_TO_LIVE_MS } from './memory-fallback-cache.ts'

testFallbackCacheContract('memory cache', async () => {
  let now = 1000
  const cache = new MemoryFallbackCache({ now: () => now })
  const pass = async (share: number) => {
    now += share * TIME_TO_LIVE_MS
  }
  return { cache, pass }
})

/** The cache in Redis keeps the contract, between several nodes and through outages. */
import type { ExecutionContext } from 'ava'
import { Redis } from 'ioredis'
import { RedisService } from '../../test/services/redis-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { testFallbackCacheContract } from './fallback-cache.contract.ts'
import { findProgram } from '../../test/services/service-program.ts'
import { RedisFallbackCache, TTL_SECONDS } from './redis-fallback-cache.ts'

if (findProgram('redis') === undefined) testWith('redis')('Redis cache', () => {})
else testFallbackCacheContract('Redis cache', subject)

async function subject(t: ExecutionContext) {
  const redis = await RedisService.start()
  t.teardown(() => redis.close())
  const cache = await RedisFallbackCache.open({
    url: redis.url,
    namespace: 'tinygrid',
    getTimeoutMs: 20_000,
  })
  const pass = (share: number) => shortenLives(redis.url, share * TTL_SECONDS * 1000)
  return { cache, pass }
}

/** What passing time does to the keys, without the wait. */
async function shortenLives(url: string, ms: number): Promise<void> {
  const client = new Redis(url)
  for (const key of await client.keys('*')) {
    const left = await client.pttl(key)
    if (left >= 0) await client.pexpire(key, Math.round(left - ms))
  }
  client.disconnect()
}

import { Redis } from 'ioredis'
import { RedisService } from '../../test/services/redis-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { RedisFallbackCache } from './redis-fallback-cache.ts'

const redisTest = testWith('redis')

redisTest('Redis is asked whether it is there, whatever else it lets its users do', async (t) => {
  const service = await RedisService.start()
  t.teardown(() => service.close())
  const { url } = service
  const cache = await RedisFallbackCache.open({ url, namespace: 'tinygrid' })
  t.teardown(() => cache.close())
  t.is(cache.server.address(), new URL(url).host)
  t.regex(await cache.server.ask(), /^\d+\.\d+\./)

  const operator = new Redis(url)
  await operator.call('ACL', 'SETUSER', 'default', '-info')
  operator.disconnect()
  t.is(await cache.server.ask(), '', 'it answers, if only to refuse')

  await service.kill()
  await t.throwsAsync(cache.server.ask())
})

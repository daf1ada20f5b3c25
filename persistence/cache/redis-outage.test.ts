/** What only real Redis servers can show of the cache in them: several nodes, outages, passwords. */
import assert from 'node:assert/strict'
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import type { Code } from '../../links/ids.ts'
import { StartError } from '../../links/errors.ts'
import { freePort } from '../../test/services/free-port.ts'
import { RedisService } from '../../test/services/redis-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { RedisFallbackCache } from './redis-fallback-cache.ts'
import { timed, untilDone } from '../testing/outage-world.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

const redisTest = testWith('redis')
const PASSWORD = 'correct-horse'
const CODE = 'abc' as Code
/** Longest that a call may take while Redis is frozen, with room for a slow machine. */
const GET_MS_MAX = 4000
const PUT_MS_MAX = 5000
/** For an answer, from a server that shares the processor with all other tests. */
const PATIENCE_MS = 20_000
/** The same of a server that is away. */
const AWAY_MS = 1000
const BACK_WITHIN_MS = 20_000
const until = (attempt: () => Promise<unknown>) => untilDone(BACK_WITHIN_MS, attempt)

async function startRedis(t: ExecutionContext, args: readonly string[] = []) {
  const server = await RedisService.start({ args })
  t.teardown(() => server.close())
  return server
}

async function openCache(
  t: ExecutionContext,
  url: string,
  { namespace = 'tinygrid', getTimeoutMs = PATIENCE_MS } = {},
) {
  const cache = await RedisFallbackCache.open({ url, namespace, getTimeoutMs })
  t.teardown(() => cache.close())
  return cache
}

redisTest('an older version never replaces a newer one, whoever sends it when', async (t) => {
  const { url } = await startRedis(t)
  const nodes = [await openCache(t, url), await openCache(t, url)]
  let round = 0
  const arrivals = fc.array(
    fc.record({ position: fc.integer({ min: 1, max: 20 }), node: fc.nat(1), waits: fc.boolean() }),
    { minLength: 1, maxLength: 12 },
  )
  await fc.assert(
    fc.asyncProperty(arrivals, async (sent) => {
      const code = `c${round++}`
      const puts: Promise<unknown>[] = []
      for (const { position, node, waits } of sent) {
        const put = until(() => nodes[node]!.put([linkVersion(code, position)]))
        puts.push(put)
        if (waits) await put
      }
      await Promise.all(puts)
      const newest = linkVersion(code, Math.max(...sent.map(({ position }) => position)))
      for (const node of nodes) t.deepEqual(await node.get(code as Code), newest)
    }),
    { numRuns: 100 },
  )
})

redisTest('a clear by one node is seen by all at once, and what they put then stays', async (t) => {
  const { url } = await startRedis(t)
  const [one, other] = [await openCache(t, url), await openCache(t, url)]
  await one.put([linkVersion('abc', 1)])
  t.deepEqual(await other.get(CODE), linkVersion('abc', 1))
  await one.clear()
  t.is(await other.get(CODE), undefined)
  await one.clear()
  await other.put([linkVersion('abc', 2)])
  t.deepEqual(await one.get(CODE), linkVersion('abc', 2))
})

redisTest('an eviction of the generation loses nothing, whoever meets it first', async (t) => {
  const { url } = await startRedis(t)
  const [one, other] = [await openCache(t, url), await openCache(t, url)]
  const operator = new Redis(url)
  t.teardown(() => operator.disconnect())
  const evict = async () => t.is(await operator.del('tinygrid:generation'), 1)
  await one.put([linkVersion('abc', 1)])
  t.is(await operator.ttl('tinygrid:generation'), -1, 'it does not end by itself')
  t.deepEqual(await other.get(CODE), linkVersion('abc', 1))

  await evict()
  t.deepEqual(await other.get(CODE), linkVersion('abc', 1))
  t.deepEqual(await one.get(CODE), linkVersion('abc', 1))
  await evict()
  await one.put([linkVersion('abd', 1)])
  t.deepEqual(await other.get(CODE), linkVersion('abc', 1))
  t.deepEqual(await other.get('abd' as Code), linkVersion('abd', 1))
})

redisTest('an eviction does not bring back what was cleared', async (t) => {
  const { url } = await startRedis(t)
  const [one, other] = [await openCache(t, url), await openCache(t, url)]
  const operator = new Redis(url)
  t.teardown(() => operator.disconnect())
  await one.put([linkVersion('abc', 1)])
  await other.get(CODE)
  await one.clear()
  await operator.del('tinygrid:generation')
  // It has not seen the clear, and restores what it knows; whoever knows better has the last word.
  await other.put([linkVersion('abd', 1)])
  await one.put([linkVersion('abe', 1)])
  t.is(await other.get(CODE), undefined)
  t.is(await one.get(CODE), undefined)
  t.deepEqual(await other.get('abe' as Code), linkVersion('abe', 1))
})

redisTest('a Redis Cluster is refused in one line', async (t) => {
  const port = await freePort()
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]
  const server = await RedisService.start({ port, args })
  t.teardown(() => server.close())
  const refusal = `Redis at 127.0.0.1:${port} is part of a Redis Cluster, which cannot be the fallback cache; set REDIS_URL to a Redis of its own, or leave it out`
  const operator = new Redis(server.url)
  t.teardown(() => operator.disconnect())
  for (const isFormed of [false, true]) {
    if (isFormed) {
      await operator.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      await until(async () => assert.match(await operator.cluster('INFO'), /cluster_state:ok/))
    }
    const error = await t.throwsAsync(openCache(t, server.url), { instanceOf: StartError })
    t.is(error.message, refusal)
  }
})

redisTest('a Redis Cluster that comes after the start is told once', async (t) => {
  const port = await freePort()
  const told: string[] = []
  const cache = await RedisFallbackCache.open({
    url: `redis://127.0.0.1:${port}`,
    namespace: 'tinygrid',
    getTimeoutMs: AWAY_MS,
    onError: (what) => told.push(what),
  })
  t.teardown(() => cache.close())
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]
  const server = await RedisService.start({ port, args })
  t.teardown(() => server.close())
  await until(async () => {
    await t.throwsAsync(cache.get(CODE), { code: 'cache_unavailable' })
    assert(told.length > 0)
  })
  await t.throwsAsync(cache.put([linkVersion('abc', 1)]), { code: 'cache_unavailable' })
  t.is(told.length, 1)
  t.regex(told[0]!, /is part of a Redis Cluster/)
})

redisTest('two namespaces do not see each other', async (t) => {
  const { url } = await startRedis(t)
  const [one, other] = [
    await openCache(t, url, { namespace: 'one' }),
    await openCache(t, url, { namespace: 'other' }),
  ]
  await one.put([linkVersion('abc', 1)])
  t.is(await other.get(CODE), undefined)
  await other.clear()
  t.deepEqual(await one.get(CODE), linkVersion('abc', 1))
})

redisTest('no call hangs on a frozen server, and all work when it has thawed', async (t) => {
  const server = await startRedis(t)
  const cache = await openCache(t, server.url, { getTimeoutMs: AWAY_MS })
  await cache.put([linkVersion('abc', 1)])
  server.freeze()
  await t.throwsAsync(timed(t, GET_MS_MAX, cache.get(CODE)), { code: 'cache_unavailable' })
  const put = cache.put([linkVersion('abc', 2)])
  await t.throwsAsync(timed(t, PUT_MS_MAX, put), { code: 'cache_unavailable' })
  await t.throwsAsync(timed(t, PUT_MS_MAX, cache.clear()), { code: 'cache_unavailable' })
  server.thaw()
  await until(async () => {
    await cache.put([linkVersion('abc', 3)])
    assert.deepEqual(await cache.get(CODE), linkVersion('abc', 3))
  })
})

redisTest('a server killed under load is missed, and found again with no help', async (t) => {
  const server = await startRedis(t)
  const cache = await openCache(t, server.url, { getTimeoutMs: AWAY_MS })
  const failures = new Set<unknown>()
  let position = 0
  const over = new AbortController()
  const load = (async () => {
    while (!over.signal.aborted) {
      const version = linkVersion('abc', ++position)
      await cache.put([version]).catch((error: { code: unknown }) => failures.add(error.code))
      await cache.get(CODE).catch((error: { code: unknown }) => failures.add(error.code))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  await server.kill()
  await until(async () => assert(failures.size > 0))
  t.false(cache.isReachable)
  await server.restart()
  await until(async () => assert(await cache.get(CODE)))
  over.abort()
  await load
  t.deepEqual([...failures], ['cache_unavailable'])
  const newest = linkVersion('abc', position)
  await until(() => cache.put([newest]))
  t.deepEqual(await cache.get(CODE), newest)
})

redisTest('a server that is away at the start is found later', async (t) => {
  const port = await freePort()
  const cache = await openCache(t, `redis://127.0.0.1:${port}`)
  await t.throwsAsync(cache.get(CODE), { code: 'cache_unavailable' })
  const server = await RedisService.start({ port })
  t.teardown(() => server.close())
  // Reads and writes have a connection each, and either may be there first.
  await until(() => cache.put([linkVersion('abc', 1)]))
  t.deepEqual(await until(() => cache.get(CODE)), linkVersion('abc', 1))
})

redisTest('a password is needed and never told', async (t) => {
  const server = await startRedis(t, ['--requirepass', PASSWORD])
  const at = `127.0.0.1:${server.port}`
  const cache = await openCache(t, `redis://:${PASSWORD}@${at}`)
  await cache.put([linkVersion('abc', 1)])
  for (const url of [`redis://:wrong-${PASSWORD}@${at}`, `redis://${at}`]) {
    const error = await t.throwsAsync(openCache(t, url), { instanceOf: StartError })
    t.is(error?.message, `Redis at ${at} refuses the credentials in REDIS_URL`)
  }
  await server.kill()
  const failure = await t.throwsAsync(cache.get(CODE))
  t.false(`${failure?.stack} ${String(failure?.cause)}`.includes(PASSWORD))
})

for (const url of [
  '',
  'localhost:6379',
  `http://:${PASSWORD}@host`,
  `redis://:${PASSWORD}@host/x`,
]) {
  redisTest(`the URL '${url}' is refused in one line`, async (t) => {
    const error = await t.throwsAsync(openCache(t, url), { instanceOf: StartError })
    t.regex(error.message, /^REDIS_URL cannot be read; it must be redis:\/\/.*$/)
    t.false(error.message.includes(PASSWORD))
  })
}

redisTest('Redis is asked whether it is there, whatever else it lets its users do', async (t) => {
  const service = await startRedis(t)
  const { url } = service
  const cache = await openCache(t, url)
  t.is(cache.server.address(), new URL(url).host)
  t.regex(await cache.server.ask(), /^\d+\.\d+\./)

  const operator = new Redis(url)
  await operator.call('ACL', 'SETUSER', 'default', '-info')
  operator.disconnect()
  t.is(await cache.server.ask(), '', 'it answers, if only to refuse')

  await service.kill()
  await t.throwsAsync(cache.server.ask())
})

/** What every fallback cache must do, whatever keeps it. Run by each adapter's test. */
import test, { type ExecutionContext } from 'ava'
import type { Code } from '../../links/ids.ts'
import type { FallbackCache } from './fallback-cache.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

/** An empty cache, and how to let its time to live pass. */
export interface CacheSubject {
  readonly cache: FallbackCache
  /** Lets this share of the time to live pass. */
  readonly pass: (share: number) => Promise<void>
}

export function testFallbackCacheContract(
  name: string,
  create: (t: ExecutionContext) => Promise<CacheSubject>,
): void {
  const story = (
    title: string,
    tell: (t: ExecutionContext, subject: CacheSubject) => Promise<void>,
  ) => {
    test(`${name}: ${title}`, async (t) => {
      const subject = await create(t)
      await tell(t, subject)
      await subject.cache.close()
    })
  }
  const code = 'abc' as Code

  story('gives what it was given, and nothing else', async (t, { cache }) => {
    const version = linkVersion('abc', 2 ** 40, { title: 'Ümlaut', tags: ['x'] })
    await cache.put([version, linkVersion('abd', 1)])
    t.deepEqual(await cache.get(code), version)
    t.is(await cache.get('none' as Code), undefined)
    await cache.put([])
  })

  story('an older version never replaces a newer one', async (t, { cache }) => {
    const [v1, v2, v3] = [1, 2, 3].map((position) => linkVersion('abc', position))
    await cache.put([v2!])
    await cache.put([v1!])
    t.deepEqual(await cache.get(code), v2)
    await cache.put([v3!, v1!])
    t.deepEqual(await cache.get(code), v3)
  })

  story('tombstones are versions too', async (t, { cache }) => {
    const deleted = linkVersion('abc', 2, { lifecycle: 'deleted' })
    await cache.put([linkVersion('abc', 1), deleted])
    t.deepEqual(await cache.get(code), deleted)
  })

  story('forgets after its time to live, not before', async (t, { cache, pass }) => {
    await cache.put([linkVersion('abc', 1)])
    await pass(0.5)
    t.deepEqual(await cache.get(code), linkVersion('abc', 1))
    await pass(0.6)
    t.is(await cache.get(code), undefined)
  })

  story('the same version put again does not live longer', async (t, { cache, pass }) => {
    await cache.put([linkVersion('abc', 1)])
    await pass(0.5)
    await cache.put([linkVersion('abc', 1)])
    await pass(0.6)
    t.is(await cache.get(code), undefined)
  })

  story('clear forgets everything', async (t, { cache }) => {
    await cache.put([linkVersion('abc', 1), linkVersion('abd', 2)])
    await cache.clear()
    t.is(await cache.get(code), undefined)
    await cache.put([linkVersion('abc', 1)])
    t.deepEqual(await cache.get(code), linkVersion('abc', 1))
  })
}

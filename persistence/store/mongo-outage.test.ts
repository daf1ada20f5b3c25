/** What only a real server can show of the store in MongoDB: nodes that differ, and outages. */
import assert from 'node:assert/strict'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import { systemLongWork } from '../../links/long-work.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { StartError } from '../../links/errors.ts'
import { freePort } from '../../test/services/free-port.ts'
import { SettingsWorld } from '../../cluster/testing/settings-world.ts'
import { MongoJavaService, MongoService } from '../../test/services/mongo-service.ts'
import { findProgram } from '../../test/services/service-program.ts'
import { testWith } from '../../test/services/service-test.ts'
import { MongoLinkStore } from './mongo-link-store.ts'
import { askedAgain, timed, untilDone } from '../testing/outage-world.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'

/** Titles name the server that is here: MongoDB or its stand-in. */
const SERVER = path.basename(findProgram('mongo')?.path ?? 'none')
const mongoTest = (title: string, tell: (t: ExecutionContext) => Promise<void>) =>
  testWith('mongo')(`${title} (${SERVER})`, tell)
const PASSWORD = 'correct-horse'
const CODE = 'abc' as Code
const CHECKPOINTS = new Map([[1 as PartitionId, 5 as LogPosition]])
/** Longest that a call may take while MongoDB is frozen, with room for a slow machine. */
const READ_MS_MAX = 5000
const FLUSH_MS_MAX = 15_000
const BACK_WITHIN_MS = 30_000
const until = (attempt: () => Promise<unknown>) => untilDone(BACK_WITHIN_MS, attempt)

async function startMongo(t: ExecutionContext) {
  const server = await MongoService.start()
  t.teardown(() => server.close())
  return server
}

/** Each test has a server of its own: what is opened there under one name is of one cluster. */
const world = new SettingsWorld()

async function openStore(
  t: ExecutionContext,
  url: string,
  { namespace = 'tinygrid', partitions = 16 } = {},
) {
  const identity = await world.settingsOf(`${url} ${namespace} ${partitions}`, partitions)
  const named = { url, namespace, partitions, identity }
  const store = await MongoLinkStore.open(named, systemLongWork())
  t.teardown(() => store.close())
  return store
}

const NEWEST_STAYS = 'in any order of arrival the newest version stays'
mongoTest(NEWEST_STAYS, async (t) => newestStays(t, (await startMongo(t)).url))
testWith('mongo-java')(`${NEWEST_STAYS} (mongo-java-server)`, async (t) => {
  const server = await MongoJavaService.start()
  t.teardown(() => server.close())
  await newestStays(t, server.url)
})

async function newestStays(t: ExecutionContext, url: string): Promise<void> {
  const stores = [await openStore(t, url), await openStore(t, url)]
  const nodes = stores.map((store) => askedAgain(store, BACK_WITHIN_MS))
  let round = 0
  const batch = fc.record({
    node: fc.nat(1),
    links: fc.array(
      fc.record({
        position: fc.integer({ min: 1, max: 9 }),
        code: fc.nat(2),
        lifecycle: fc.constantFrom('live' as const, 'deleted' as const, 'purged' as const),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 5 }), async (batches) => {
      const prefix = `r${round++}`
      const newest = new Map<string, number>()
      for (const { node, links } of batches) {
        const versions = links.map(({ code, position, lifecycle }) =>
          linkVersion(`${prefix}-${code}`, position, position % 2 ? {} : { lifecycle }),
        )
        for (const { code, position } of versions) {
          newest.set(code, Math.max(position, newest.get(code) ?? 0))
        }
        assert.deepEqual(await nodes[node]!.write(versions), [])
      }
      for (const [code, position] of newest) {
        t.is((await nodes[0]!.get(code as Code))?.position, position as LogPosition)
      }
    }),
    { numRuns: 30 },
  )
}

mongoTest('two namespaces do not see each other, in one database either', async (t) => {
  const { url } = await startMongo(t)
  for (const place of [url, `${url}/shared`]) {
    const one = await openStore(t, place, { namespace: 'one' })
    const other = await openStore(t, place, { namespace: 'other' })
    await untilDone(BACK_WITHIN_MS, () => one.write([linkVersion('abc', 1)]))
    await one.saveCheckpoints(CHECKPOINTS)
    t.is(await other.get(CODE), undefined)
    t.is((await other.checkpoints()).size, 0)
    t.deepEqual(await Array.fromAsync(other.load(new Ring(16).all())), [])
  }
})

mongoTest('a database that was made with other partitions is refused in one line', async (t) => {
  const { url } = await startMongo(t)
  const first = await openStore(t, url)
  t.is(await first.check(), 'ok')
  await untilDone(BACK_WITHIN_MS, () => first.write([linkVersion('abc', 1)]))
  const second = await openStore(t, url, { partitions: 256 })
  const error = await t.throwsAsync(second.check(), { instanceOf: StartError })
  t.regex(error.message, /^The database tinygrid at .* was made with 16 partitions, not 256; .*$/)
  await t.throwsAsync(second.get(CODE), { code: 'store_unavailable' })
  await t.throwsAsync(second.write([linkVersion('abc', 2)]), { code: 'store_unavailable' })
  t.deepEqual(await first.get(CODE), linkVersion('abc', 1))
})

mongoTest('a server that is away at the start is found later', async (t) => {
  const port = await freePort()
  const store = await openStore(t, `mongodb://tinygrid:${PASSWORD}@127.0.0.1:${port}`)
  t.is(await store.check(), 'unreachable')
  const error = await t.throwsAsync(store.get(CODE), { code: 'store_unavailable' })
  t.false(`${error?.stack} ${String(error?.cause)}`.includes(PASSWORD))
  const open = await openStore(t, `mongodb://127.0.0.1:${port}`)
  await t.throwsAsync(open.get(CODE), { code: 'store_unavailable' })
  const server = await MongoService.start({ port })
  t.teardown(() => server.close())
  await until(() => open.write([linkVersion('abc', 1)]))
  t.deepEqual(await open.get(CODE), linkVersion('abc', 1))
})

mongoTest('no call hangs on a frozen server, and all work when it has thawed', async (t) => {
  const server = await startMongo(t)
  const store = await openStore(t, server.url)
  await untilDone(BACK_WITHIN_MS, () => store.write([linkVersion('abc', 1)]))
  await store.get(CODE)
  server.freeze()
  const away = { code: 'store_unavailable' }
  await Promise.all([
    t.throwsAsync(timed(t, READ_MS_MAX, store.get(CODE)), away),
    t.throwsAsync(timed(t, FLUSH_MS_MAX, store.write([linkVersion('abc', 2)])), away),
    t.throwsAsync(timed(t, FLUSH_MS_MAX, store.list({ limit: 1 })), away),
    t.throwsAsync(timed(t, FLUSH_MS_MAX, store.checkpoints()), away),
    t.throwsAsync(timed(t, FLUSH_MS_MAX, store.saveCheckpoints(CHECKPOINTS)), away),
    t.throwsAsync(timed(t, FLUSH_MS_MAX, Array.fromAsync(store.load([1 as PartitionId]))), away),
  ])
  server.thaw()
  await until(() => store.write([linkVersion('abc', 3)]))
  t.deepEqual(await store.get(CODE), linkVersion('abc', 3))
})

mongoTest('a server killed under load has what it acknowledged, and is found again', async (t) => {
  const server = await startMongo(t)
  const store = await openStore(t, server.url)
  const over = new AbortController()
  const acknowledged = new Map<string, number>()
  const failures = new Set<unknown>()
  const load = (async () => {
    for (let round = 1; !over.signal.aborted; round++) {
      const fresh = Array.from({ length: 20 }, (_, index) =>
        linkVersion(`n${round}-${index}`, round),
      )
      const versions = [...fresh, linkVersion('abc', round)]
      try {
        await store.write(versions)
        for (const { code, position } of versions) acknowledged.set(code, position)
      } catch (error) {
        failures.add((error as { code: unknown }).code)
      }
    }
  })()
  for (let kill = 0; kill < 3; kill++) {
    const before = acknowledged.size
    await until(async () => assert(acknowledged.size > before + 100))
    await server.kill()
    await server.restart()
  }
  over.abort()
  await load
  t.deepEqual([...failures], ['store_unavailable'])
  const batches = await Array.fromAsync(store.load(new Ring(16).all()))
  const stored = new Map(batches.flat().map(({ code, position }) => [String(code), position]))
  for (const [code, position] of acknowledged) {
    t.true(stored.get(code)! >= position, `${code} is not what was acknowledged`)
  }
})

mongoTest('refused credentials are told in one line, without the password', async (t) => {
  const server = await startMongo(t)
  const at = `127.0.0.1:${server.port}`
  const store = await openStore(t, `mongodb://tinygrid:${PASSWORD}@${at}`)
  const error = await t.throwsAsync(store.check(), { instanceOf: StartError })
  t.is(error.message, `MongoDB at ${at} refuses the credentials in MONGO_URL`)
})

for (const url of [
  '',
  'localhost:27017',
  `http://x:${PASSWORD}@host`,
  `mongodb://x:${PASSWORD}@`,
]) {
  mongoTest(`the URL '${url.replace(PASSWORD, '***')}' is refused in one line`, async (t) => {
    const error = await t.throwsAsync(openStore(t, url), { instanceOf: StartError })
    t.regex(error.message, /^MONGO_URL cannot be read; it must be mongodb:\/\/.*$/)
    t.false(error.message.includes(PASSWORD))
  })
}

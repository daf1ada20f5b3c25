/**
 * A database that is not this cluster's, or not any more, is neither read nor written. On
 * mongo-java-server, which forgets all when it is restarted, as a server that lost its disk does.
 */
import assert from 'node:assert/strict'
import type { ExecutionContext } from 'ava'
import { systemLongWork } from '../../links/long-work.ts'
import { ClusterSettings } from '../../cluster/nats/cluster-settings.ts'
import { SettingsWorld } from '../../cluster/testing/settings-world.ts'
import { ClusterDataError } from '../../links/errors.ts'
import type { Code, PartitionId } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { MongoJavaService } from '../../test/services/mongo-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { untilDone } from '../testing/outage-world.ts'
import { MongoLinkStore } from './mongo-link-store.ts'

const javaTest = (title: string, tell: (t: ExecutionContext) => Promise<void>) =>
  testWith('mongo-java')(`${title} (mongo-java-server)`, tell)
const CODE = 'abc' as Code
const BACK_WITHIN_MS = 30_000
const away = { code: 'store_unavailable' }

async function start(t: ExecutionContext) {
  const server = await MongoJavaService.start()
  t.teardown(() => server.close())
  const clusters = new SettingsWorld()
  const openStore = async (identity: ClusterSettings) => {
    const settings = { url: server.url, namespace: 'tinygrid', partitions: 16, identity }
    const store = await MongoLinkStore.open(settings, systemLongWork())
    t.teardown(() => store.close())
    return store
  }
  const settingsOf = (cluster: string) => clusters.settingsOf(cluster, 16)
  return { server, clusters, settingsOf, openStore }
}

javaTest('nodes that begin a database at once are all of its cluster', async (t) => {
  const { settingsOf, openStore } = await start(t)
  const settings = await Promise.all([1, 2, 3].map(() => settingsOf('one')))
  const stores = await Promise.all(settings.map(openStore))
  t.deepEqual(await Promise.all(stores.map((store) => store.check())), ['ok', 'ok', 'ok'])
  await untilDone(BACK_WITHIN_MS, () => stores[0]!.write([linkVersion('abc', 1)]))
  t.deepEqual(await stores[2]!.get(CODE), linkVersion('abc', 1))
  t.true(await (await settingsOf('one')).wasMade('store'))
})

javaTest("another cluster's database is refused in one line, and left as it is", async (t) => {
  const { settingsOf, openStore } = await start(t)
  const first = await openStore(await settingsOf('one'))
  await untilDone(BACK_WITHIN_MS, () => first.write([linkVersion('abc', 1)]))
  const other = await openStore(await settingsOf('other'))
  const error = await t.throwsAsync(other.check(), { instanceOf: ClusterDataError })
  t.regex(
    error.message,
    /^The database tinygrid at .* has the links of another cluster, or of this /,
  )
  await t.throwsAsync(other.get('none' as Code), away)
  await t.throwsAsync(other.write([linkVersion('abc', 2)]), away)
  await t.throwsAsync(other.checkpoints(), away)
  await t.throwsAsync(Array.fromAsync(other.load([1 as PartitionId])), away)
  t.deepEqual(await first.get(CODE), linkVersion('abc', 1))
  t.false(await (await settingsOf('other')).wasMade('store'))
})

javaTest('a database that is empty again is not begun anew', async (t) => {
  const { server, settingsOf, openStore } = await start(t)
  const first = await openStore(await settingsOf('one'))
  t.is(await first.check(), 'ok')
  await server.restart()
  const next = await openStore(await settingsOf('one'))
  const error = await t.throwsAsync(next.check(), { instanceOf: ClusterDataError })
  t.regex(
    error.message,
    /^The database tinygrid at .* has lost this cluster's links; restore a backup/,
  )
  await t.throwsAsync(next.get(CODE), away)
})

javaTest(
  'a server that comes back without its data is not believed by running nodes',
  async (t) => {
    const { server, settingsOf, openStore } = await start(t)
    const store = await openStore(await settingsOf('one'))
    await untilDone(BACK_WITHIN_MS, () => store.write([linkVersion('abc', 1)]))
    t.deepEqual(await store.get(CODE), linkVersion('abc', 1))
    // In time for a call that finds the database checked, and its connections closed.
    await server.restart()
    const answers: unknown[] = []
    await untilDone(BACK_WITHIN_MS, async () => {
      const failure = await store.get(CODE).then(
        (version) => answers.push(version),
        (error: Error) => error,
      )
      assert(answers.length > 0 || (failure as Error).cause instanceof ClusterDataError)
    })
    t.deepEqual(answers, [])
    await t.throwsAsync(Promise.all([store.get(CODE), store.get('abd' as Code)]), away)
    await t.throwsAsync(store.write([linkVersion('abc', 2)]), away)
  },
)

javaTest('nothing is believed before the bucket has said whose the database is', async (t) => {
  const { clusters, openStore } = await start(t)
  const keyValue = clusters.bucketOf('one').connect()
  const identity = await ClusterSettings.open({
    keyValue,
    partitions: 16,
    logStreams: 1,
    logStream: undefined,
  })
  const store = await openStore(identity)
  keyValue.cut()
  t.is(await store.check(), 'unreachable')
  await t.throwsAsync(store.get(CODE), away)
  keyValue.heal()
  t.is(await store.get(CODE), undefined)
})

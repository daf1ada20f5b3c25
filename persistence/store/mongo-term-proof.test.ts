/**
 * What a deposed primary says is not believed; and what MongoDB is asked with. Runs on
 * mongo-java-server, which plays such a primary: FerretDB has no replica sets.
 */
import type { ExecutionContext } from 'ava'
import { MongoClient } from 'mongodb'
import { systemLongWork } from '../../links/long-work.ts'
import { SettingsWorld } from '../../cluster/testing/settings-world.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { MongoJavaService } from '../../test/services/mongo-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { untilDone } from '../testing/outage-world.ts'
import { MongoLinkStore } from './mongo-link-store.ts'

const BACK_WITHIN_MS = 30_000
const javaTest = (title: string, tell: (t: ExecutionContext) => Promise<void>) =>
  testWith('mongo-java')(`${title} (mongo-java-server)`, tell)
const CHECKPOINTS = new Map([[1 as PartitionId, 5 as LogPosition]])
/** Each new connection has the database checked again. */
const ROUNDS_TO_CONNECT = 3
const away = { code: 'store_unavailable' }

interface Command {
  readonly command: string
  readonly readConcern: { readonly level?: string; readonly afterClusterTime?: unknown } | null
  readonly writeConcern: object | null
  readonly ordered: boolean | null
  readonly filter: object | null
  readonly updates: number
}

async function open(t: ExecutionContext) {
  const server = await MongoJavaService.start()
  t.teardown(() => server.close())
  const operator = new MongoClient(server.url)
  t.teardown(() => operator.close())
  const identity = await new SettingsWorld().settingsOf('tinygrid', 16)
  const settings = { url: server.url, namespace: 'tinygrid', partitions: 16, identity }
  const store = await MongoLinkStore.open(settings, systemLongWork())
  t.teardown(() => store.close())
  const ask = (command: object) => operator.db('admin').command(command)
  /** The commands that `work` sends over connections that are there, but for those of sessions. */
  const sent = async (work: () => Promise<unknown>): Promise<Command[]> => {
    for (let round = 0; round < ROUNDS_TO_CONNECT; round++) await work()
    await ask({ commandsForTests: 1 })
    await work()
    const { commands } = (await ask({ commandsForTests: 1 })) as { commands: Command[] }
    return commands.filter(({ command }) => ['find', 'update', 'insert'].includes(command))
  }
  return { store, ask, sent }
}

javaTest('a deposed primary leads to no absence', async (t) => {
  const { store, ask } = await open(t)
  await untilDone(BACK_WITHIN_MS, () => store.write([linkVersion('abc', 1)]))
  await store.saveCheckpoints(CHECKPOINTS)
  await ask({ deposeForTests: true })

  await t.throwsAsync(store.get('none' as Code), away)
  await t.throwsAsync(Promise.all([store.get('abc' as Code), store.get('none' as Code)]), away)
  await t.throwsAsync(Array.fromAsync(store.load(new Ring(16).all())), away)
  await t.throwsAsync(store.checkpoints(), away)
  await t.throwsAsync(store.write([linkVersion('abd', 2)]), away)
  t.deepEqual(await store.stale.get('abc' as Code), linkVersion('abc', 1), 'good for a redirect')

  await ask({ deposeForTests: false })
  t.is(await store.get('none' as Code), undefined)
  t.deepEqual(await store.checkpoints(), CHECKPOINTS)
})

javaTest('a read of one link is linearizable', async (t) => {
  const { store, sent } = await open(t)
  await untilDone(BACK_WITHIN_MS, () => store.write([linkVersion('abc', 1)]))
  const [read, ...others] = await sent(() => store.get('abc' as Code))
  t.deepEqual(read?.readConcern, { level: 'linearizable' })
  t.deepEqual(others, [])
})

javaTest('before reads of many comes the proof, and they wait for its time', async (t) => {
  const { store, sent } = await open(t)
  await untilDone(BACK_WITHIN_MS, () => store.write([linkVersion('abc', 1)]))
  for (const work of [
    () => Promise.all(['abc', 'abd', 'abe'].map((code) => store.get(code as Code))),
    () => Array.fromAsync(store.load([1 as PartitionId])),
    () => store.checkpoints(),
  ]) {
    const [proof, read, ...others] = await sent(work)
    t.deepEqual(proof?.readConcern, { level: 'linearizable' })
    t.is(read?.readConcern?.level, 'majority')
    t.truthy(read?.readConcern?.afterClusterTime)
    t.deepEqual(others, [])
  }
})

javaTest(
  'a flush is one unordered command that waits for a majority and its journal',
  async (t) => {
    const { store, sent } = await open(t)
    await untilDone(BACK_WITHIN_MS, () => store.write([linkVersion('abc', 1)]))
    const versions = Array.from({ length: 400 }, (_, index) => linkVersion(`c${index}`, 1))
    const commands = await sent(() => store.write([...versions, linkVersion('abc', 2)]))
    t.is(commands.length, 1)
    t.like(commands[0], { command: 'update', ordered: false, updates: 401 })
    t.deepEqual(commands[0]!.writeConcern, { w: 'majority', j: true })
  },
)

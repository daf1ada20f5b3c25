/** The JetStream log keeps the contract of a log, and what only it can show with a server that runs. */
import test from 'ava'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { LogNames } from '../../cluster/nats/log-names.ts'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { ClusterDataError, StartError } from '../../links/errors.ts'
import { SettingsWorld } from '../../cluster/testing/settings-world.ts'
import { testWith } from '../../test/services/service-test.ts'
import { JetStreamWorld } from '../testing/jetstream-world.ts'
import { testForeignEntries } from './foreign-entries.contract.ts'
import { isForeignPayload } from './log-record.ts'
import { findLogStream } from './jetstream-streams.ts'
import { testLogContract } from './log.contract.ts'

const natsTest = testWith('nats')
const P = 3 as PartitionId
const Q = 4 as PartitionId
const NONE = 0 as LogPosition

let world: JetStreamWorld

test.before(async () => {
  world = await JetStreamWorld.start()
})
test.after.always(() => world.close())

for (const logStreams of [1, 4]) {
  testLogContract(
    logStreams === 1 ? 'JetStream log' : `JetStream log of ${logStreams} streams`,
    async (place) => {
      const connection = await world.connect()
      const namespace = world.newNamespace()
      // The bound that the contract is about is that of one stream.
      const logBytesMax = place.logBytesMax * logStreams
      const options = { connection, namespace, logStreams, logBytesMax }
      return { open: () => world.openLog(options), remove: () => connection.close() }
    },
    natsTest,
  )
}

testForeignEntries(
  'JetStream log',
  async () => {
    const options = { namespace: world.newNamespace(), isForeign: isForeignPayload }
    const [one, two] = [await world.openLog(options), await world.openLog(options)]
    const connection = await world.connect()
    const disturb = async (partition: PartitionId, payload: Uint8Array) => {
      const subject = new LogNames(options.namespace, 1).subjectOf(partition)
      await connection.jetstream().publish(subject, payload)
    }
    return { one, two, disturb }
  },
  natsTest,
)

natsTest('what is no dead letter is passed over, and replaced by one', async (t) => {
  const told: string[] = []
  const namespace = world.newNamespace()
  const onForeignLetter = (subject: string) => told.push(subject)
  const log = await world.openLog({ namespace, onForeignLetter })
  const subject = namesOf(namespace).deadLetterSubject(P, 'code' as Code)
  const connection = await world.connect()
  for (const junk of ['', 'junk', 'a longer text that is none']) {
    await connection.jetstream().publish(subject, junk)
    t.deepEqual(await Array.fromAsync(log.deadLetters()), [])
  }
  t.deepEqual(told, [subject, subject, subject])
  const letter = { key: 'code', partition: P, position: 7 as LogPosition, reason: 'no' }
  await log.addDeadLetter({ ...letter, payload: Buffer.from('link') })
  t.is((await Array.fromAsync(log.deadLetters())).length, 1)
})

natsTest('a replaced owner is refused, whatever it believes', async (t) => {
  const namespace = world.newNamespace()
  const [old, young] = [await world.openLog({ namespace }), await world.openLog({ namespace })]
  const first = await old.append(P, Buffer.from('first'), NONE)
  const epoch = await young.append(P, Buffer.from('epoch'), await young.last(P))
  await t.throwsAsync(old.append(P, Buffer.from('late'), first), { code: 'log_replaced' })
  t.deepEqual(await textsOf(old, P), ['first', 'epoch'])
  t.is(await old.last(P), epoch)
})

natsTest('positions go on rising after a partition was trimmed by another node', async (t) => {
  const namespace = world.newNamespace()
  const [a, b] = [await world.openLog({ namespace }), await world.openLog({ namespace })]
  const first = await a.append(P, Buffer.from('1'), NONE)
  const second = await a.append(P, Buffer.from('2'), first)
  await a.append(Q, Buffer.from('other'), NONE)
  await b.trim(P, second)
  t.deepEqual(await textsOf(a, P), ['2'])
  const third = await a.append(P, Buffer.from('3'), second)
  t.true(third > second)
  await b.trim(P, third)
  t.deepEqual(await textsOf(a, P), ['3'])
  t.is(await b.last(P), third)
})

natsTest('two clusters on one server do not see each other', async (t) => {
  const [a, b] = [await world.openLog(), await world.openLog()]
  await a.append(P, Buffer.from('a'), NONE)
  t.is(await b.last(P), NONE)
  await b.append(P, Buffer.from('b'), NONE)
  const letter = { key: 'k', partition: P, position: 1 as LogPosition, reason: 'no' }
  await a.addDeadLetter({ ...letter, payload: Buffer.from('x') })
  t.deepEqual(await textsOf(a, P), ['a'])
  t.deepEqual(await textsOf(b, P), ['b'])
  t.deepEqual(await Array.fromAsync(b.deadLetters()), [])
})

natsTest('a long tail comes whole and in order, among other partitions', async (t) => {
  const log = await world.openLog()
  const partitions = Array.from({ length: 40 }, (_, index) => index as PartitionId)
  const texts = Array.from({ length: 120 }, (_, index) => `${index}`.padStart(20_000))
  await Promise.all(
    partitions.map(async (partition) => {
      let last = NONE
      const count = partition === P ? texts.length : 3
      for (const text of texts.slice(0, count)) {
        last = await log.append(partition, Buffer.from(text), last)
      }
    }),
  )
  t.deepEqual(await textsOf(log, P), texts)
  t.is((await textsOf(log, Q)).length, 3)
})

natsTest('nodes that open a new log at once all find it', async (t) => {
  const namespace = world.newNamespace()
  const logs = await Promise.all([1, 2, 3, 4].map(() => world.openLog({ namespace })))
  await logs[0]!.append(P, Buffer.from('x'), NONE)
  for (const log of logs) t.deepEqual(await textsOf(log, P), ['x'])
})

natsTest('a log made with other partitions is refused, in one line that names both', async (t) => {
  const namespace = world.newNamespace()
  await world.openLog({ namespace, partitions: 64 })
  const error = await t.throwsAsync(world.openLog({ namespace, partitions: 256 }), {
    instanceOf: ClusterDataError,
  })
  t.regex(error.message, /^The stream WORLD_\d+_LOG was made with 64 partitions, not 256; set TINY/)
})

natsTest("another cluster's log is refused, under the same name too", async (t) => {
  const namespace = world.newNamespace()
  const first = await world.openLog({ namespace })
  const position = await first.append(P, Buffer.from('x'), NONE)
  const identity = await new SettingsWorld().settingsOf('another', 256)
  const error = await t.throwsAsync(world.openLog({ namespace, identity }), {
    instanceOf: ClusterDataError,
  })
  t.regex(
    error.message,
    /^The stream WORLD_\d+_LOG is another cluster's than the bucket world-\d+;/,
  )
  t.is(await first.last(P), position)
})

natsTest('a log that is gone is not made anew', async (t) => {
  const namespace = world.newNamespace()
  const connection = await world.connect()
  await world.openLog({ namespace })
  const name = `${namespace.toUpperCase().replace('-', '_')}_LOG`
  t.is(await findLogStream(connection, namespace, 1), name)
  const { streams } = await connection.jetstreamManager()
  await streams.delete(name)
  t.is(await findLogStream(connection, namespace, 1), undefined)
  const error = await t.throwsAsync(world.openLog({ namespace }), { instanceOf: ClusterDataError })
  t.regex(
    error.message,
    /^The stream WORLD_\d+_LOG is gone, and with it what MongoDB does not have/,
  )
  await t.throwsAsync(streams.info(name), { message: /not found/ })
})

natsTest('each of several streams is missed, and any of them found', async (t) => {
  const place = { namespace: world.newNamespace(), logStreams: 4 }
  const connection = await world.connect()
  const find = (logStreams: number) => findLogStream(connection, place.namespace, logStreams)
  await world.openLog(place)
  const { streams } = await connection.jetstreamManager()
  const [first, second] = new LogNames(place.namespace, 4).all.map(({ stream }) => stream)
  await streams.delete(first!)
  t.is(await find(4), second)
  await t.throwsAsync(world.openLog(place), {
    instanceOf: ClusterDataError,
    message: /^The stream WORLD_\d+_LOG_0 is gone, and with it what MongoDB does not have/,
  })
  await t.throwsAsync(streams.info(first!), { message: /not found/ })
})

natsTest('the stream of a cluster that has one is found by who looks for several', async (t) => {
  const namespace = world.newNamespace()
  await world.openLog({ namespace })
  const [only] = new LogNames(namespace, 1).all
  t.is(await findLogStream(await world.connect(), namespace, 4), only!.stream)
})

natsTest("a stream of somebody else's is refused and left as it was", async (t) => {
  const connection = await world.connect()
  const { streams } = await connection.jetstreamManager()
  await streams.add({ name: 'FOREIGN_LOG', subjects: ['foreign.log.*'] })
  const opening = world.openLog({ connection, namespace: 'foreign' })
  await t.throwsAsync(opening, { instanceOf: ClusterDataError, message: /is not Tinygrid's/ })
  t.is((await streams.info('FOREIGN_LOG')).config.max_bytes, -1)
})

natsTest('another size is taken over from the settings', async (t) => {
  const namespace = world.newNamespace()
  const small = await world.openLog({ namespace, logBytesMax: 10_000 })
  const first = await small.append(P, Buffer.alloc(9_000), NONE)
  await t.throwsAsync(small.append(P, Buffer.alloc(9_000), first), { code: 'log_full' })
  const large = await world.openLog({ namespace, logBytesMax: 100_000 })
  await t.notThrowsAsync(large.append(P, Buffer.alloc(9_000), first))
  t.deepEqual((await textsOf(small, P)).length, 2)
})

natsTest('what the server cannot keep is refused with its own words', async (t) => {
  const opening = world.openLog({ replicas: 3 })
  const error = await t.throwsAsync(opening, { instanceOf: StartError })
  t.regex(error.message, /^The stream WORLD_\d+_LOG cannot be opened: replicas > 1 /)
})

natsTest('an entry as large as a batch gets is taken, a larger message is not sent', async (t) => {
  const log = await world.openLog()
  const first = await log.append(P, Buffer.alloc(640 * 1024, 1), NONE)
  t.is(await log.last(P), first)
  await t.throwsAsync(log.append(P, Buffer.alloc(2 ** 20), first), { code: 'log_unavailable' })
  await t.notThrowsAsync(log.append(P, Buffer.from('x'), first))
})

natsTest('an append to a closed log is refused, its connection stays open', async (t) => {
  const connection = await world.connect()
  const log = await world.openLog({ connection })
  const append = log.append(P, Buffer.from('in flight'), NONE)
  await log.close()
  await t.notThrowsAsync(append)
  await t.throwsAsync(log.append(P, Buffer.from('x'), NONE), { code: 'log_unavailable' })
  t.false(connection.isClosed())
})

async function textsOf(
  log: Awaited<ReturnType<JetStreamWorld['openLog']>>,
  partition: PartitionId,
): Promise<string[]> {
  const entries = await Array.fromAsync(log.readAfter(partition, NONE))
  return entries.map(({ payload }) => payload.toString())
}

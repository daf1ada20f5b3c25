/** The click log in JetStream: its contract, and servers that are killed, frozen, full or emptied. */
import test, { type ExecutionContext } from 'ava'
import type { NatsConnection } from 'nats'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { systemClock } from '../../links/clock.ts'
import { ClusterDataError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { JetStreamWorld } from '../../persistence/testing/jetstream-world.ts'
import { testWith } from '../../test/services/service-test.ts'
import { testClickLogContract } from './click-log.contract.ts'
import { JetStreamClickLog, type JetStreamClickLogOptions } from './jetstream-click-log.ts'
import { JetStreamClickReader } from './jetstream-click-reader.ts'

const natsTest = testWith('nats')
const BACK_WITHIN_MS = 60_000
const MINUTE_MS = 60_000
/** For an answer of a server that runs. */
const PATIENCE_MS = 20_000
const OWN_MS = 2_000

let shared: JetStreamWorld

test.before(async () => {
  shared = await JetStreamWorld.start()
})
test.after.always(() => shared.close())

testClickLogContract(
  'JetStream click log',
  async (bytesMax) => {
    const namespace = shared.newNamespace()
    const connection = await shared.connect()
    return {
      openWriter: () => openLog({ connection, namespace, bytesMax }),
      openReader: async () => readerOf(connection, namespace),
      remove: () => connection.close(),
    }
  },
  natsTest,
)

natsTest('batches of several nodes lie in one log, each once', async (t) => {
  const namespace = shared.newNamespace()
  const connection = await shared.connect()
  const logs = await Promise.all(
    ['a', 'b', 'c'].map((node) => openLog({ connection, namespace, node })),
  )
  for (const log of logs) await untilAppended(log, 'same', 1)
  await Promise.all(logs.map((log, index) => untilAppended(log, `r:${index}`, 2 + index)))
  const found = await contentsOf(readerOf(connection, namespace))
  t.deepEqual(
    found.sort((a, b) => a - b),
    [1, 2, 3, 4],
  )
})

natsTest('what is audited lies in a stream of its own', async (t) => {
  const namespace = shared.newNamespace()
  const connection = await shared.connect()
  const [clicks, audit] = [
    await openLog({ connection, namespace }),
    await openLog({ connection, namespace, content: 'audit' }),
  ]
  await untilAppended(clicks, 'r:0', 1)
  await untilAppended(audit, 'r:0', 2)
  const clock = systemClock
  const place = { connection, namespace, clock, content: 'audit', timeoutMs: PATIENCE_MS } as const
  t.deepEqual(await contentsOf(readerOf(connection, namespace)), [1])
  t.deepEqual(await contentsOf(new JetStreamClickReader(place)), [2])
})

natsTest('settings that have changed are taken over, another cluster is refused', async (t) => {
  const namespace = shared.newNamespace()
  const connection = await shared.connect()
  const log = await openLog({ connection, namespace, bytesMax: 1e6, ageMaxMs: MINUTE_MS })
  await untilAppended(log, 'r:0', 1)
  await openLog({ connection, namespace, bytesMax: 2e6, ageMaxMs: 60 * MINUTE_MS })
  const { streams } = await connection.jetstreamManager()
  const { config } = await streams.info(namesOf(namespace).clicksStream)
  t.deepEqual([config.max_bytes, config.max_age], [2e6, 60 * MINUTE_MS * 1e6])
  t.deepEqual(await contentsOf(readerOf(connection, namespace)), [1])
  await t.throwsAsync(openLog({ connection, namespace, identity: 'another' }), {
    instanceOf: ClusterDataError,
    message: /^The stream WORLD_\d+_CLICKS says tinygrid-identity own, and has to say another/,
  })
})

natsTest('a stream that was removed is made anew, and its positions go on rising', async (t) => {
  const namespace = shared.newNamespace()
  const connection = await shared.connect()
  const log = await openLog({ connection, namespace })
  const reader = readerOf(connection, namespace)
  await untilAppended(log, 'r:0', 1)
  const before = await reader.span()
  const { streams } = await connection.jetstreamManager()
  await streams.delete(namesOf(namespace).clicksStream)
  await t.throwsAsync(reader.read(0), { code: 'click_log_unavailable' })
  await untilAppended(log, 'r:1', 2)
  t.deepEqual(await contentsOf(reader), [2])
  t.true((await reader.span()).firstPosition > before.lastPosition)
})

natsTest('what is past the age is dropped, and the log says so', async (t) => {
  const namespace = shared.newNamespace()
  const connection = await shared.connect()
  const log = await openLog({ connection, namespace, ageMaxMs: 1_000 })
  const reader = readerOf(connection, namespace)
  await untilAppended(log, 'r:0', 1)
  const { lastPosition } = await reader.span()
  await until(async () => (await reader.span()).firstPosition > lastPosition)
  t.deepEqual(await reader.read(0), [])
  t.deepEqual(await reader.span(), {
    firstPosition: lastPosition + 1,
    lastPosition,
    bytes: 0,
  })
})

natsTest('what is acknowledged outlives kills, and what is tried again is one', async (t) => {
  const { world, log, reader } = await ownWorld(t)
  let number = 0
  for (let round = 0; round < 3; round++) {
    const begun = Array.from({ length: 10 }, () => number++)
    const appending = Promise.all(begun.map((each) => untilAppended(log, `r:${each}`, each)))
    await world.server.kill()
    await world.server.restart()
    await appending
  }
  await until(async () => (await reader.read(0)).length > 0)
  const found = await contentsOf(reader)
  const wanted = Array.from({ length: number }, (_, each) => each)
  t.deepEqual(
    found.sort((a, b) => a - b),
    wanted,
  )
})

natsTest('a batch that was tried again and again on a frozen server is one', async (t) => {
  const { world, log, reader } = await ownWorld(t)
  await untilAppended(log, 'r:0', 0)
  await world.freeze()
  await t.throwsAsync(log.append('r:1', Buffer.from([1])), { code: 'click_log_unavailable' })
  await t.throwsAsync(log.append('r:1', Buffer.from([1])), { code: 'click_log_unavailable' })
  await t.throwsAsync(reader.read(0), { code: 'click_log_unavailable' })
  await t.throwsAsync(reader.span(), { code: 'click_log_unavailable' })
  await reader.more(0, new AbortController().signal)
  world.server.thaw()
  await untilAppended(log, 'r:1', 1)
  await untilAppended(log, 'r:2', 2)
  t.deepEqual(await contentsOf(reader), [0, 1, 2])
})

natsTest('a batch in doubt for longer than its id is known is looked for', async (t) => {
  const late = { ms: 0 }
  const clock = { ...systemClock, now: () => systemClock.now() + late.ms }
  const { world, log, reader, connection } = await ownWorld(t, { clock })
  await untilAppended(log, 'r:0', 0)
  await world.freeze()
  await t.throwsAsync(log.append('r:1', Buffer.from([1])), { code: 'click_log_unavailable' })
  world.server.thaw()
  await until(async () => (await contentsOf(reader)).length === 2)
  await forgetIds(connection, reader)
  late.ms = 10 * MINUTE_MS
  await untilAppended(log, 'r:1', 1)
  // Nothing is remembered of what is safe.
  await untilAppended(log, 'r:2', 2)
  t.deepEqual(
    (await contentsOf(reader)).filter((content) => content < 100),
    [0, 1, 2],
  )
})

/**
 * Lets the stream know ids for as short as it can, until it has forgotten. The server looks for old ids on a
 * timer that a change of the window starts; where it fires before the change is whole, it looks again only after
 * the window of before, minutes later. So the window is changed again and again.
 */
async function forgetIds(connection: NatsConnection, reader: JetStreamClickReader): Promise<void> {
  const { streams } = await connection.jetstreamManager()
  const names = namesOf('clicks-test')
  const probe = () =>
    connection
      .jetstream()
      .publish(names.clicksSubject('other'), Buffer.from([100]), { msgID: 'probe' })
  await until(async () => Boolean(await probe()))
  let windowMs = 100
  await until(async () => {
    const { config } = await streams.info(names.clicksStream)
    windowMs = windowMs === 100 ? 101 : 100
    await streams.update(names.clicksStream, { ...config, duplicate_window: windowMs * 1e6 })
    await new Promise((resolve) => void setTimeout(resolve, 2 * windowMs))
    return !(await probe()).duplicate
  })
  await reader.span()
}

async function ownWorld(t: ExecutionContext, options: Partial<JetStreamClickLogOptions> = {}) {
  const world = await JetStreamWorld.start()
  t.teardown(() => world.close())
  const namespace = 'clicks-test'
  const connection = await world.connect()
  // With a node's own time-outs.
  const log = await openLog({ connection, namespace, timeoutMs: OWN_MS, ...options })
  return { world, connection, log, reader: readerOf(connection, namespace, OWN_MS) }
}

function openLog(
  options: Partial<JetStreamClickLogOptions> &
    Pick<JetStreamClickLogOptions, 'connection' | 'namespace'>,
): Promise<JetStreamClickLog> {
  return JetStreamClickLog.open({
    replicas: 1,
    bytesMax: 1e8,
    ageMaxMs: 24 * 60 * MINUTE_MS,
    identity: 'own',
    node: 'n1',
    clock: systemClock,
    now: () => Date.now() as EpochMs,
    timeoutMs: PATIENCE_MS,
    ...options,
  })
}

function readerOf(
  connection: NatsConnection,
  namespace: string,
  timeoutMs: number | undefined = PATIENCE_MS,
): JetStreamClickReader {
  return new JetStreamClickReader({ connection, namespace, clock: systemClock, timeoutMs })
}

async function contentsOf(reader: JetStreamClickReader): Promise<number[]> {
  const found: number[] = []
  for (let after = 0; ;) {
    const batches = await reader.read(after)
    if (batches.length === 0) return found
    found.push(...batches.map(({ payload }) => payload[0]!))
    after = batches.at(-1)!.position
  }
}

async function untilAppended(log: JetStreamClickLog, id: string, content: number): Promise<void> {
  await until(async () => {
    await log.append(id, Buffer.from([content]))
    return true
  })
}

/** A server that does not answer in time is asked again. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + BACK_WITHIN_MS
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('it did not come to it in time')
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

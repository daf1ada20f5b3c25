/** What the JetStream log does while its server is frozen, killed or gone, and once it is back. */
import type { ExecutionContext } from 'ava'
import { hasCode } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { isConnected } from '../../cluster/nats/nats-connection.ts'
import { testWith } from '../../test/services/service-test.ts'
import type { JetStreamLog } from './jetstream-log.ts'
import { JetStreamWorld } from '../testing/jetstream-world.ts'
import { untilDone } from '../testing/outage-world.ts'
import { LogWriter } from './log-writer.ts'

const natsTest = testWith('nats')
const P = 3 as PartitionId
const NONE = 0 as LogPosition
/** With a node's own time-outs. */
const REAL = { namespace: 'outage', timeoutMs: undefined }
/** Longest that any call may take while the server is frozen, with room for a slow machine. */
const CALL_MS_MAX = 20_000
/** After which an append is given up that gets no answer over a connection that stands. */
const APPEND_TIMEOUT_MS = 2_000
const BACK_WITHIN_MS = 30_000
/** So often an end is timed: a machine that stalls makes one of them late. */
const TIMED_MAX = 5

const story = (
  title: string,
  tell: (t: ExecutionContext, world: JetStreamWorld, log: JetStreamLog) => Promise<void>,
) => {
  natsTest(title, async (t) => {
    const world = await JetStreamWorld.start()
    try {
      await tell(t, world, await world.openLog(REAL))
    } finally {
      await world.close()
    }
  })
}

story('a lost acknowledgement is resolved from the tail', async (t, world, log) => {
  const first = await log.append(P, Buffer.from('first'), NONE)
  await world.freeze()
  await t.throwsAsync(log.append(P, Buffer.from('mine'), first), { code: 'log_uncertain' })
  world.server.thaw()
  await until(() => repeats(log, 'mine', first))
  t.deepEqual(await untilRead(log), ['first', 'mine'])
})

story('a lost connection ends the wait for an answer at once', async (t, world, log) => {
  const first = await log.append(P, Buffer.from('first'), NONE)
  const took: number[] = []
  while (took.length < TIMED_MAX && !took.some((ms) => ms < APPEND_TIMEOUT_MS)) {
    await world.freeze()
    const start = performance.now()
    const append = t.throwsAsync(log.append(P, Buffer.from('x'), first), { code: 'log_uncertain' })
    await world.server.kill()
    await append
    took.push(performance.now() - start)
    await world.server.restart()
    await until(() => repeats(log, 'x', first))
  }
  t.true(Math.min(...took) < APPEND_TIMEOUT_MS, `it took ${took.join(', ')} ms`)
})

story(
  'no call hangs on a frozen server, and all work when it has thawed',
  async (t, world, log) => {
    const first = await log.append(P, Buffer.from('first'), NONE)
    const connection = await world.connect()
    const other = await world.openLog({ ...REAL, connection })
    await world.freeze()
    const calls = [
      log.append(P, Buffer.from('x'), first),
      log.last(P),
      textsOf(log),
      log.trim(P, first),
      Array.fromAsync(log.deadLetters()),
      log.removeDeadLetter('k', 1 as LogPosition),
      other.last(P),
    ]
    const start = performance.now()
    const results = await Promise.allSettled(calls)
    t.true(performance.now() - start < CALL_MS_MAX)
    for (const result of results) {
      const reason: unknown = result.status === 'rejected' ? result.reason : undefined
      t.true(hasCode(reason, 'log_uncertain', 'log_unavailable'), String(reason))
    }
    await until(async () => !isConnected(connection))
    await t.throwsAsync(other.append(P, Buffer.from('y'), first), { code: 'log_unavailable' })
    world.server.thaw()
    await until(() => repeats(log, 'x', first))
    t.deepEqual(await untilRead(other), ['first', 'x'])
  },
)

story('what is acknowledged under load outlives kills of the server', async (t, world, log) => {
  const partitions = Array.from({ length: 24 }, (_, index) => index as PartitionId)
  const writers = partitions.map((partition) => new LogWriter(log, partition))
  const writing = Promise.all(writers.map((writer) => writer.run()))
  for (let round = 1; round <= 3; round++) {
    const goal = round * 40
    await until(async () => writers.every(({ acknowledged }) => acknowledged.length >= goal))
    await world.server.kill()
    await world.server.restart()
  }
  const goal = Math.max(...writers.map(({ acknowledged }) => acknowledged.length)) + 5
  await until(async () => writers.every(({ acknowledged }) => acknowledged.length >= goal))
  for (const writer of writers) writer.stop()
  await writing
  const fresh = await world.openLog(REAL)
  for (const { partition, acknowledged } of writers) {
    t.deepEqual(await untilRead(fresh, partition), acknowledged)
  }
  t.true(writers.some(({ failures }) => failures > 0))
})

story('a connection that was closed is refused before anything is sent', async (t, world) => {
  const connection = await world.connect()
  const log = await world.openLog({ ...REAL, connection })
  await connection.close()
  await t.throwsAsync(log.append(P, Buffer.from('x'), NONE), { code: 'log_unavailable' })
  await t.throwsAsync(log.last(P), { code: 'log_unavailable' })
  await t.throwsAsync(textsOf(log), { code: 'log_unavailable' })
})

story('a log that was removed under a node is told as such', async (t, world, log) => {
  const first = await log.append(P, Buffer.from('first'), NONE)
  const { streams } = await (await world.connect()).jetstreamManager()
  await streams.delete('OUTAGE_LOG')
  await t.throwsAsync(log.append(P, Buffer.from('x'), first), { code: 'log_unavailable' })
})

/** Whether a repeated append is refused or taken, rather than in doubt again. */
async function repeats(log: JetStreamLog, text: string, last: LogPosition): Promise<boolean> {
  try {
    await log.append(P, Buffer.from(text), last)
    return true
  } catch (error) {
    return hasCode(error, 'log_replaced')
  }
}

async function textsOf(log: JetStreamLog, partition = P): Promise<string[]> {
  const entries = await Array.fromAsync(log.readAfter(partition, NONE))
  return entries.map(({ payload }) => payload.toString())
}

/** The same of a server that runs, on a machine that may be busy. */
async function untilRead(log: JetStreamLog, partition = P): Promise<string[]> {
  return untilDone(BACK_WITHIN_MS, () => textsOf(log, partition))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + BACK_WITHIN_MS
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to it in time')
    await pause()
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 20)
  })
}

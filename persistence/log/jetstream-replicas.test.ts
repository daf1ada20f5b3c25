/** The JetStream log on three servers, with three replicas, one of which dies. */
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { hasCode } from '../../links/errors.ts'
import { testWith } from '../../test/services/service-test.ts'
import { JetStreamWorld } from '../testing/jetstream-world.ts'
import { LogWriter } from './log-writer.ts'

const natsTest = testWith('nats')
const NONE = 0 as LogPosition
const RESUMED_WITHIN_MS = 60_000

natsTest('what a majority has is kept when the leader dies, and writes resume', async (t) => {
  const world = await JetStreamWorld.startCluster(3)
  try {
    const connection = await world.connect()
    const options = { connection, namespace: 'replicas', replicas: 3, timeoutMs: undefined }
    const log = await world.openLog(options)
    const writers = Array.from({ length: 8 }, (_, id) => new LogWriter(log, id as PartitionId))
    const writing = Promise.all(writers.map((writer) => writer.run()))
    await until(() => writers.every(({ acknowledged }) => acknowledged.length >= 100))
    await (await world.cluster.ledBy('REPLICAS_LOG')).kill()
    const goal = Math.max(...writers.map(({ acknowledged }) => acknowledged.length)) + 100
    await until(() => writers.every(({ acknowledged }) => acknowledged.length >= goal))
    for (const writer of writers) writer.stop()
    await writing
    const fresh = await world.openLog({ ...options, connection: await world.connect() })
    for (const { partition, acknowledged } of writers) {
      const entries = await Array.fromAsync(fresh.readAfter(partition, NONE))
      t.deepEqual(
        entries.map(({ payload }) => payload.toString()),
        acknowledged,
      )
    }
  } finally {
    await world.close()
  }
})

natsTest('of appends that meet on their way through the replicas, one is taken', async (t) => {
  const world = await JetStreamWorld.startCluster(3)
  try {
    const log = await world.openLog({ replicas: 3 })
    const partition = 3 as PartitionId
    let last = NONE
    for (let round = 0; round < 50; round++) {
      const payloads = ['a', 'b', 'c'].map((text) => Buffer.from(text))
      const appends = payloads.map((payload) => log.append(partition, payload, last))
      const results = await Promise.allSettled(appends)
      const refused = results.filter((result) => result.status === 'rejected')
      t.is(refused.length, 2)
      // "Replaced" would make a writer give up that has only been faster than itself.
      t.true(refused.every(({ reason }) => hasCode(reason, 'log_uncertain', 'log_replaced')))
      last = await log.last(partition)
    }
    t.is((await Array.fromAsync(log.readAfter(partition, NONE))).length, 50)
  } finally {
    await world.close()
  }
})

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + RESUMED_WITHIN_MS
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come to it in time')
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

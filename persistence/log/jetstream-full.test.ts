/** Streams that are full, whose owners are all gone: new ones open them, trim them, and write again. */
import type { JetStreamManager } from 'nats'
import test from 'ava'
import { LogNames } from '../../cluster/nats/log-names.ts'
import { hasCode } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { testWith } from '../../test/services/service-test.ts'
import { JetStreamWorld } from '../testing/jetstream-world.ts'
import type { JetStreamLog } from './jetstream-log.ts'
import { EPOCH_RESERVE_BYTES } from './log.ts'
import { findLogStream } from './jetstream-streams.ts'

const natsTest = testWith('nats')

const PARTITIONS = [0, 1, 2, 3] as PartitionId[]
const NONE = 0 as LogPosition
const BYTES_MAX = 40_000
const PAYLOAD = Buffer.alloc(3_000, 'x')

let world: JetStreamWorld

test.before(async () => {
  world = await JetStreamWorld.start()
})
test.after.always(() => world.close())

/** Appends until it is refused for want of room. */
async function fill(log: JetStreamLog, partition: PartitionId): Promise<void> {
  for (let last = await log.last(partition); ;) {
    try {
      last = await log.append(partition, PAYLOAD, last)
    } catch (error) {
      if (hasCode(error, 'log_full')) return
      throw error
    }
  }
}

/** As if the reserve were used up: the stream takes nothing at all. */
async function closeStream(manager: JetStreamManager, name: string): Promise<void> {
  const { config, state } = await manager.streams.info(name)
  await manager.streams.update(name, { ...config, max_bytes: state.bytes })
  const after = (await manager.streams.info(name)).state
  if (after.messages !== state.messages) throw new Error('a lower bound has removed messages')
}

async function startFull(namespace: string) {
  const options = { namespace, logBytesMax: BYTES_MAX }
  const owners = await Promise.all(PARTITIONS.map(() => world.openLog(options)))
  await Promise.all(PARTITIONS.map((partition, index) => fill(owners[index]!, partition)))
  await Promise.all(owners.map((owner) => owner.close()))
  return world.openLog(options)
}

/** What a take-over does with the log, and what the write-behind does after it. */
async function takeOver(log: JetStreamLog, partition: PartitionId): Promise<LogPosition> {
  const position = await log.append(
    partition,
    Buffer.from('epoch'),
    await log.last(partition),
    'epoch',
  )
  await log.trim(partition, (position - 1) as LogPosition)
  return position
}

for (const isReserveUsedUp of [false, true]) {
  const how = isReserveUsedUp ? ', its reserve too,' : ''
  natsTest(`a full log${how} is opened by new owners, trimmed and written to again`, async (t) => {
    const connection = await world.connect()
    const namespace = world.newNamespace()
    const log = await startFull(namespace)
    const manager = await connection.jetstreamManager()
    const stream = (await findLogStream(connection, namespace, 1))!
    if (isReserveUsedUp) await closeStream(manager, stream)
    const write = async (after: LogPosition) => log.append(PARTITIONS[0]!, PAYLOAD, after)
    const last = await log.last(PARTITIONS[0]!)
    await t.throwsAsync(write(last), { code: 'log_full' })
    const [first] = await Promise.all(PARTITIONS.map((partition) => takeOver(log, partition)))
    await t.notThrowsAsync(write(first!))
  })
}

natsTest(
  'of several streams each is full by itself, and opened and trimmed by itself',
  async (t) => {
    const options = { namespace: world.newNamespace(), logStreams: 4, logBytesMax: BYTES_MAX }
    const log = await world.openLog(options)
    const [full, other, beside] = [0, 1, 4] as PartitionId[] as [
      PartitionId,
      PartitionId,
      PartitionId,
    ]
    await fill(log, full)
    await t.notThrowsAsync(log.append(other, PAYLOAD, NONE))
    await t.throwsAsync(log.append(beside, PAYLOAD, NONE), { code: 'log_full' })
    const { streams } = await (await world.connect()).jetstreamManager()
    const { all } = new LogNames(options.namespace, options.logStreams)
    const infos = await Promise.all(all.map(({ stream }) => streams.info(stream)))
    t.deepEqual(
      infos.map(({ state }) => state.messages),
      [BYTES_MAX / 4, PAYLOAD.length, 0, 0].map((bytes) => Math.floor(bytes / PAYLOAD.length)),
    )
    const bounds = infos.map(({ config }) => config.max_bytes)
    t.deepEqual(bounds, Array(4).fill((BYTES_MAX + EPOCH_RESERVE_BYTES) / 4))
    const opened = await log.append(beside, Buffer.from('epoch'), NONE, 'epoch')
    await takeOver(log, full)
    await t.notThrowsAsync(log.append(beside, PAYLOAD, opened))
  },
)

natsTest('what is held is kept when the log is opened with a lower bound', async (t) => {
  const namespace = world.newNamespace()
  const log = await startFull(namespace)
  const lasts = await Promise.all(PARTITIONS.map((partition) => log.last(partition)))
  const lower = await world.openLog({ namespace, logBytesMax: 5_000 })
  await t.throwsAsync(lower.append(PARTITIONS[0]!, PAYLOAD, lasts[0]!), { code: 'log_full' })
  const entries = await Array.fromAsync(log.readAfter(PARTITIONS[0]!, NONE))
  t.is(entries.at(-1)!.position, lasts[0]!)
  t.is(entries[0]!.previous, NONE)
})

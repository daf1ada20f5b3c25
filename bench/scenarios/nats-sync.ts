/**
 * What it costs that NATS syncs each write to disk before it acknowledges it (`sync_interval: always`): appends
 * to the log by as many partitions as write at once in a node, with one copy and with three.
 *
 * All servers share one disk, and the processor with the writers. Rounds go by turns, so that what else the
 * machine does meets each way alike; the ratio is that of the medians.
 */
import { connectNats } from '../../cluster/nats/nats-connection.ts'
import type { DataIdentity } from '../../cluster/nats/cluster-settings.ts'
import { hasCode } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { JetStreamLog } from '../../persistence/log/jetstream-log.ts'
import { NatsCluster } from '../../test/services/nats-cluster.ts'
import { figure, median, type Measure } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'

/** As many appends as a node has under way. */
const WRITERS = 16
/** A write alone, and a batch of a hundred links. */
const PAYLOADS = [
  { what: 'single writes', bytes: 250 },
  { what: 'batches of 100', bytes: 25_000 },
] as const
const WAYS = [1, 3].flatMap((replicas) =>
  [false, true].map((syncsAlways) => ({ replicas, syncsAlways })),
)
const NAMESPACE = 'sync'
const LOG_BYTES_MAX = 16e9
/** A new one; nobody else has a part in it. */
const IDENTITY: DataIdentity = {
  identity: 'bench',
  wasMade: async () => false,
  noteMade: async () => {},
}

interface Way {
  readonly replicas: number
  readonly syncsAlways: boolean
  readonly log: JetStreamLog
  /** Appends a second, of each round; by the place of the payload. */
  readonly speeds: number[][]
}

export const natsSync: Scenario = {
  name: 'nats-sync',
  about: 'appends to the log, with and without sync_interval: always, with one copy and with three',
  async run(bench) {
    const ways: Way[] = []
    for (const way of WAYS) ways.push({ ...way, ...(await openLog(bench, way)), speeds: [[], []] })
    for (let round = 0; round < bench.options.rounds; round++) {
      for (const way of ways) {
        for (const [index, { bytes }] of PAYLOADS.entries()) {
          way.speeds[index]!.push(await speedOf(way.log, bytes, bench.options.seconds))
        }
      }
    }
    return ways.flatMap((way) => (way.syncsAlways ? measuresOf(way, ways) : []))
  },
}

async function openLog(
  bench: Bench,
  { replicas, syncsAlways }: Pick<Way, 'replicas' | 'syncsAlways'>,
): Promise<{ log: JetStreamLog }> {
  const nats = await NatsCluster.start({ size: replicas, server: { syncsAlways } })
  bench.atEnd(() => nats.close())
  const connection = await connectNats({ url: nats.url, name: 'bench' })
  bench.atEnd(() => connection.close())
  const stream = { partitions: 256, logStreams: 1, replicas, logBytesMax: LOG_BYTES_MAX }
  const place = { connection, namespace: NAMESPACE, identity: IDENTITY }
  return { log: await JetStreamLog.open({ ...stream, ...place }) }
}

/** Appends a second of all writers together. */
async function speedOf(log: JetStreamLog, bytes: number, seconds: number): Promise<number> {
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  const counts = await Promise.all(
    Array.from({ length: WRITERS }, (_, index) =>
      appendUntil(log, index as PartitionId, Buffer.alloc(bytes, 'x'), endsAt),
    ),
  )
  const appended = counts.reduce((sum, count) => sum + count, 0)
  return (appended * 1000) / (performance.now() - startedAt)
}

async function appendUntil(
  log: JetStreamLog,
  partition: PartitionId,
  payload: Buffer,
  endsAt: number,
): Promise<number> {
  let last: LogPosition = await log.last(partition)
  let count = 0
  while (performance.now() < endsAt) {
    try {
      last = await log.append(partition, payload, last)
      count++
    } catch (error) {
      // A disk that is slow for once: not counted, and gone on behind.
      if (!hasCode(error, 'log_uncertain', 'log_replaced')) throw error
      last = await log.last(partition)
    }
  }
  await log.trim(partition, last)
  return count
}

function measuresOf(synced: Way, ways: readonly Way[]): Measure[] {
  const { replicas } = synced
  const plain = ways.find((way) => way.replicas === replicas && !way.syncsAlways)!
  const copies = replicas === 1 ? 'one copy' : `${replicas} copies`
  return PAYLOADS.map(({ what }, index) => {
    const [always, seldom] = [synced, plain].map(({ speeds }) => median(speeds[index]!))
    return {
      name: `sync_interval: always, ${copies}, ${what}: of the appends without`,
      got: always! / seldom!,
      unit: '',
      note: `${figure(always!)} and ${figure(seldom!)} appends/s, ${WRITERS} at a time`,
    }
  })
}

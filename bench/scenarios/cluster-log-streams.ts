/**
 * Appends to a log of one stream and to one of four, by turns on the same servers: what several leaders
 * give, on one server and on three that keep a copy each.
 *
 * The log alone: writers as some nodes have them, each with a range of partitions and sixteen appends under
 * way, one in a partition. Servers and writers share the machine, so with few cores it is the processor that
 * bounds appends, whatever the streams. What several could give on machines of their own is told by the
 * processor time of the server that has most to do; and by the same with a sync to disk before each answer,
 * where the disk is waited for.
 */
import { LogNames } from '../../cluster/nats/log-names.ts'
import { hasCode } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { JetStreamWorld } from '../../persistence/testing/jetstream-world.ts'
import type { Log } from '../../persistence/log/log.ts'
import type { LoadResult } from '../load.ts'
import { figure, median, type Measure } from '../measure.ts'
import { Rounds } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { cpuMsOf } from '../server-process.ts'

const FEW = 1
const MANY = 4
const PARTITIONS = 256
/** Of a node, each in a partition of its range. */
const APPENDS = 16
/** Of a batch of a few links. */
const PAYLOAD = Buffer.alloc(512, 1)
const LOG_BYTES_MAX = 4e9
/** Entries that are kept, as those of the last minute are. */
const KEPT = 1_000

interface Layout {
  readonly nodes: number
  readonly servers: number
  readonly syncsAlways: boolean
}

const LAYOUTS: readonly Layout[] = [
  { nodes: 12, servers: 1, syncsAlways: false },
  { nodes: 3, servers: 3, syncsAlways: false },
  { nodes: 12, servers: 3, syncsAlways: false },
  { nodes: 12, servers: 1, syncsAlways: true },
  { nodes: 12, servers: 3, syncsAlways: true },
]

export const clusterLogStreams: Scenario = {
  name: 'cluster-log-streams',
  about: 'appends to the log in NATS, four streams over one: on one server, and on three',
  async run(bench) {
    const measures: Measure[] = []
    for (const layout of LAYOUTS) measures.push(...(await measure(bench, layout)))
    return measures
  },
}

async function measure(bench: Bench, { nodes, servers, syncsAlways }: Layout): Promise<Measure[]> {
  const world = await JetStreamWorld.startCluster(servers, { syncsAlways })
  try {
    const place = `${servers} server${servers === 1 ? '' : 's'}${syncsAlways ? ', synced' : ''}`
    const what = `${nodes} nodes, ${place}`
    const few = await Appending.start(world, nodes, FEW)
    const many = await Appending.start(world, nodes, MANY)
    const sample = (appending: Appending) => () => appending.run(bench.options.seconds)
    const rounds = await Rounds.run(bench, [
      { name: `${what}: 1 stream`, sample: sample(few) },
      { name: `${what}: ${MANY} streams`, sample: sample(many) },
    ])
    const [one, four] = [`${what}: 1 stream`, `${what}: ${MANY} streams`] as const
    const perSecond = (name: string) => figure(rounds.median(name, (result) => result.perSecond))
    const cpu = (name: string) => figure(rounds.median(name, busiest))
    const repeated = `${many.repeated} and ${few.repeated} repeated`
    return [
      {
        name: `appends to ${MANY} streams over 1, ${what}`,
        got: rounds.ratio(four, one, (result) => result.perSecond),
        unit: '',
        note: `${perSecond(four)}/s over ${perSecond(one)}/s; ${repeated}`,
      },
      {
        name: 'the same, CPU per append of the busiest server',
        got: rounds.ratio(four, one, busiest),
        unit: '',
        note:
          `${cpu(four)} µs over ${cpu(one)} µs, of all ${figure(median(many.cpuMicros))} µs over ` +
          `${figure(median(few.cpuMicros))} µs${servers === 1 ? '' : `; led by ${await many.leaders()}`}`,
      },
    ]
  } finally {
    await world.close()
  }
}

function busiest({ cpuMicros = NaN }: LoadResult): number {
  return cpuMicros
}

/** Nodes that append to one log as fast as it goes. */
class Appending {
  readonly #world: JetStreamWorld
  readonly #namespace: string
  readonly #streams: number
  readonly #logs: readonly Log[]
  readonly #lasts = new Map<PartitionId, LogPosition>()
  /** Of each sample: what an append costs all servers together. */
  readonly cpuMicros: number[] = []
  /** Appends that were in doubt, and sent again. */
  repeated = 0

  private constructor(
    world: JetStreamWorld,
    { namespace, streams, logs }: { namespace: string; streams: number; logs: readonly Log[] },
  ) {
    this.#world = world
    this.#namespace = namespace
    this.#streams = streams
    this.#logs = logs
  }

  static async start(world: JetStreamWorld, nodes: number, streams: number): Promise<Appending> {
    const namespace = world.newNamespace()
    const replicas = world.cluster.servers.length
    const options = { namespace, logStreams: streams, replicas, logBytesMax: LOG_BYTES_MAX }
    const logs = await Promise.all(Array.from({ length: nodes }, () => world.openLog(options)))
    return new Appending(world, { namespace, streams, logs })
  }

  async run(seconds: number): Promise<LoadResult> {
    const before = this.#cpuMs()
    const startedAt = performance.now()
    const until = startedAt + seconds * 1000
    const counts = await Promise.all(
      this.#logs.flatMap((log, node) =>
        Array.from({ length: APPENDS }, (_, index) => {
          const first = Math.floor((node * PARTITIONS) / this.#logs.length)
          return this.#write(log, (first + index) as PartitionId, until)
        }),
      ),
    )
    const requests = counts.reduce((sum, count) => sum + count, 0)
    const taken = (performance.now() - startedAt) / 1000
    const used = this.#cpuMs().map((ms, server) => ((ms - before[server]!) * 1000) / requests)
    this.cpuMicros.push(used.reduce((sum, micros) => sum + micros, 0))
    const cpuMicros = Math.max(...used)
    return { requests, seconds: taken, perSecond: requests / taken, failures: 0, cpuMicros }
  }

  /** How many streams each server leads. */
  async leaders(): Promise<string> {
    const { streams } = await (await this.#world.connect()).jetstreamManager()
    const counts = new Map<string, number>()
    for (const { stream } of new LogNames(this.#namespace, this.#streams).all) {
      const leader = (await streams.info(stream)).cluster?.leader ?? 'nobody'
      counts.set(leader, (counts.get(leader) ?? 0) + 1)
    }
    return Array.from(counts, ([leader, count]) => `${leader} (${count})`).join(', ')
  }

  /** One append after the other, and a trim now and then. */
  async #write(log: Log, partition: PartitionId, until: number): Promise<number> {
    let last = this.#lasts.get(partition) ?? (0 as LogPosition)
    const recent: LogPosition[] = []
    let count = 0
    for (; performance.now() < until; count++) {
      last = await this.#append(log, partition, last)
      recent.push(last)
      if (recent.length === KEPT) await log.trim(partition, recent.splice(0, KEPT / 2).at(-1)!)
    }
    this.#lasts.set(partition, last)
    return count
  }

  /** As the partition's only owner: what is in the way of an append in doubt is that append. */
  async #append(log: Log, partition: PartitionId, last: LogPosition): Promise<LogPosition> {
    while (true) {
      try {
        return await log.append(partition, PAYLOAD, last)
      } catch (error) {
        if (hasCode(error, 'log_replaced')) return log.last(partition)
        if (!hasCode(error, 'log_uncertain', 'log_unavailable')) throw error
        this.repeated++
      }
    }
  }

  #cpuMs(): number[] {
    return this.#world.cluster.servers.map(({ pid }) => cpuMsOf(pid) ?? NaN)
  }
}

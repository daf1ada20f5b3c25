/**
 * SIGKILL of the NATS server that leads, again and again: how long until every partition takes writes, and
 * which step of that takes how long.
 *
 * Three NATS servers, with three copies of everything, and three nodes. In turn the leader of the log and that
 * of the bucket is killed; both are often one. A client asks for one new link in each partition from the
 * moment of the kill on. Beside it the streams are asked for their leaders every STEP_MS. The server is
 * started again, and has everything, before the next kill. The same without calls of elections shows what
 * the servers take by themselves.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection } from 'nats'
import { BenchCluster } from '../bench-cluster.ts'
import { figure, median, type Measure } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { ProbeCodes, untilWritable } from '../writable.ts'
import { parseNatsUrl } from '../../cluster/nats/nats-url.ts'

const NODES = 3
const NATS_SERVERS = 3
const LOG = 'TINYGRID_LOG'
const BUCKET = 'KV_tinygrid'
const STREAMS = [LOG, BUCKET, 'TINYGRID_CLICKS']
/** Without calls each takes ten seconds and more. */
const UNCALLED_KILLS_MAX = 5
const STEP_MS = 50
const ANSWER_MS_MAX = 1_000
const LEADER_MS_MAX = 30_000
const WHOLE_MS_MAX = 60_000
/** So that one kill is not felt in the next. */
const REST_MS = 1_000

interface Kill {
  /** Until another leads, in milliseconds. */
  readonly logMs: number
  readonly bucketMs: number
  readonly writableMs: number
}

export const natsLeader: Scenario = {
  name: 'nats-leader',
  about: 'three NATS servers, SIGKILL of the one that leads: until every partition is writable',
  async run(bench) {
    const called = await killLeaders(bench, bench.options.kills, {})
    await bench.endScenario()
    const kills = Math.min(bench.options.kills, UNCALLED_KILLS_MAX)
    const uncalled = await killLeaders(bench, kills, { NATS_SYSTEM_URL: '' })
    return [
      ...measuresOf('elections called', called, { goal: { atMost: 3 } }),
      ...measuresOf('not called', uncalled, {}),
    ]
  },
}

async function killLeaders(
  bench: Bench,
  kills: number,
  env: Readonly<Record<string, string>>,
): Promise<Kill[]> {
  const nodes = Array.from({ length: NODES }, () => ({ env }))
  const cluster = await BenchCluster.start(bench, nodes, {
    natsServers: NATS_SERVERS,
    isGuarded: true,
  })
  const codes = new ProbeCodes()
  const all: Kill[] = []
  while (all.length < kills) {
    await whole(cluster)
    await sleep(REST_MS)
    all.push(await killOne(bench, cluster, codes, all.length % 2 === 0 ? LOG : BUCKET))
  }
  return all
}

async function killOne(
  bench: Bench,
  cluster: BenchCluster,
  codes: ProbeCodes,
  stream: string,
): Promise<Kill> {
  const { natsCluster } = cluster.services
  const victim = await natsCluster.ledBy(stream)
  const others = natsCluster.servers.filter((server) => server !== victim)
  const { options } = parseNatsUrl(others.map((server) => server.administratorUrl).join(','))
  const connection = await connect(options)
  await victim.kill()
  const [logMs, bucketMs, writableMs] = await Promise.all([
    untilLed(connection, LOG),
    untilLed(connection, BUCKET),
    untilWritable(cluster.servers[0]!, codes),
  ])
  await connection.close()
  await victim.restart()
  const told = [logMs, bucketMs, writableMs].map((ms) => figure(ms / 1000))
  bench.say(
    `  leader of ${stream}: log led after ${told[0]} s, bucket ${told[1]} s; writable ${told[2]} s`,
  )
  return { logMs, bucketMs, writableMs }
}

/** Questions that meet no leader are answered by nobody, so many are under way at once. */
async function untilLed(connection: NatsConnection, stream: string): Promise<number> {
  const startedAt = performance.now()
  const led = Promise.withResolvers<void>()
  const timer = setInterval(() => {
    const asked = connection.request(`$JS.API.STREAM.INFO.${stream}`, '', {
      timeout: ANSWER_MS_MAX,
    })
    asked.then(
      () => led.resolve(),
      () => {},
    )
    if (performance.now() - startedAt > LEADER_MS_MAX)
      led.reject(new Error(`${stream} has no leader`))
  }, STEP_MS)
  await led.promise.finally(() => clearInterval(timer))
  return performance.now() - startedAt
}

async function whole({ services: { natsCluster } }: BenchCluster): Promise<void> {
  const deadline = performance.now() + WHOLE_MS_MAX
  for (const stream of STREAMS) {
    while (!(await natsCluster.isWhole(stream))) {
      if (performance.now() > deadline) throw new Error(`${stream} does not become whole`)
      await sleep(STEP_MS)
    }
  }
}

function noteOf(times: readonly number[]): string {
  return `of ${times.length} kills; median ${figure(median(times))} s`
}

function measuresOf(what: string, kills: readonly Kill[], goal: Pick<Measure, 'goal'>): Measure[] {
  const seconds = (of: (kill: Kill) => number) => kills.map((kill) => of(kill) / 1000)
  const led = seconds(({ logMs, bucketMs }) => Math.max(logMs, bucketMs))
  const writable = seconds(({ writableMs }) => writableMs)
  return [
    {
      name: `leader killed, ${what}: log and bucket led by another`,
      got: Math.max(...led),
      unit: ' s',
      note: noteOf(led),
    },
    {
      name: `leader killed, ${what}: every partition writable`,
      ...goal,
      got: Math.max(...writable),
      unit: ' s',
      note: noteOf(writable),
    },
  ]
}

/**
 * SIGKILL of a random node while much is written: how long until every partition takes writes.
 *
 * The log of each partition then holds what the store does not have yet, and a minute of writes for
 * the requests that may be repeated; whoever takes over reads it. So links are created through the
 * living nodes at a fixed rate, one by one, for a while before the kill and during it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BenchCluster } from '../bench-cluster.ts'
import { figure, median } from '../measure.ts'
import { runOpenLoop } from '../open-loop.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { createStream } from '../streams.ts'
import { ProbeCodes, untilWritable } from '../writable.ts'

const NODES = 3
const CREATES_PER_SECOND = 2_000
const LEAD_SECONDS = 60
const AFTER_SECONDS = 6
/** Each takes more than a minute. */
const KILLS_MAX = 5

export const clusterKillWrites: Scenario = {
  name: 'cluster-kill-writes',
  about: 'three nodes, SIGKILL of one while much is written: until every partition is writable',
  async run(bench) {
    const cluster = await BenchCluster.start(
      bench,
      Array.from({ length: NODES }, () => ({})),
    )
    const times: number[] = []
    const codes = new ProbeCodes()
    const kills = Math.min(bench.options.kills, KILLS_MAX)
    while (times.length < kills) {
      times.push(await killOne(bench, cluster, codes))
      await cluster.addNode()
      await cluster.settled()
    }
    return [
      {
        name: `SIGKILL under ${CREATES_PER_SECOND} creates/s, until every partition is writable`,
        goal: { atMost: 3 },
        got: Math.max(...times),
        unit: ' s',
        note: `of ${times.length} kills; median ${figure(median(times))} s`,
      },
    ]
  },
}

async function killOne(bench: Bench, cluster: BenchCluster, codes: ProbeCodes): Promise<number> {
  const victim = cluster.nodes[Math.floor(Math.random() * NODES)]!
  const living = cluster.nodes.filter((node) => node !== victim)
  const ports = living.map(({ server }) => server.port)
  const stream = createStream(CREATES_PER_SECOND)
  const creating = runOpenLoop(ports, LEAD_SECONDS + AFTER_SECONDS, [stream])
  await sleep(LEAD_SECONDS * 1000)
  const killing = cluster.kill(victim)
  const seconds = (await untilWritable(living[0]!.server, codes)) / 1000
  await killing
  const [created] = await creating
  const { requests, wrong, refused, unanswered } = created!
  bench.say(
    `  ${victim.id} killed: writable after ${figure(seconds)} s; of ${requests} creates ` +
      `${wrong} wrong, ${refused} refused, ${unanswered} unanswered`,
  )
  return seconds
}

/**
 * SIGKILL of a random node, again and again: how long until every partition takes writes, and what
 * redirects meet meanwhile.
 *
 * A client asks a node that lives for one new link in each partition, from the moment of the kill
 * on, and asks again for what was refused: what it waits for the last of them is what counts.
 * Redirects go to the living nodes at a fixed rate from before the kill until long after it. A new
 * node takes the place of the old one, and all links are in memory again, before the next kill.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BenchCluster, type BenchNode } from '../bench-cluster.ts'
import { visitedLinks, type VisitedLink } from '../link-set.ts'
import { figure, median, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { redirectStream } from '../streams.ts'
import { ProbeCodes, untilWritable } from '../writable.ts'

const NODES = 3
const LINKS_MAX = 20_000
const REDIRECTS_PER_SECOND = 500
const REDIRECT_WITHIN_MS = 250
const LEAD_MS = 500
const VISIT_SECONDS = 4.5

interface Kill {
  readonly writableMs: number
  readonly visits: StreamResult
}

export const clusterKill: Scenario = {
  name: 'cluster-kill',
  about: 'three nodes, SIGKILL of one: until every partition is writable, and redirects meanwhile',
  async run(bench) {
    const cluster = await BenchCluster.start(
      bench,
      Array.from({ length: NODES }, () => ({})),
    )
    const links = visitedLinks(await cluster.load(Math.min(bench.options.links, LINKS_MAX)))
    const kills: Kill[] = []
    const codes = new ProbeCodes()
    while (kills.length < bench.options.kills) {
      kills.push(await killOne(bench, cluster, links, codes))
      await cluster.addNode()
      await cluster.settled()
      await cluster.complete()
    }
    return [writable(kills), ...redirectsMeanwhile(kills)]
  },
}

async function killOne(
  bench: Bench,
  cluster: BenchCluster,
  links: readonly VisitedLink[],
  codes: ProbeCodes,
): Promise<Kill> {
  const victim = cluster.nodes[Math.floor(Math.random() * NODES)]!
  const living = cluster.nodes.filter((node) => node !== victim)
  const stream = {
    ...redirectStream(links, REDIRECTS_PER_SECOND),
    withinMs: REDIRECT_WITHIN_MS,
  }
  const visiting = runOpenLoop(portsOf(living), VISIT_SECONDS, [stream])
  await sleep(LEAD_MS)
  const killing = cluster.kill(victim)
  const writableMs = await untilWritable(living[0]!.server, codes)
  await killing
  const [visits] = await visiting
  const { wrong, refused, unanswered, maxMs } = visits!
  bench.say(
    `  ${victim.id} killed: writable after ${figure(writableMs)} ms; redirects: ${wrong} wrong, ` +
      `${refused} refused, ${unanswered} unanswered, at most ${figure(maxMs)} ms`,
  )
  return { writableMs, visits: visits! }
}

function portsOf(nodes: readonly BenchNode[]): number[] {
  return nodes.map(({ server }) => server.port)
}

function writable(kills: readonly Kill[]): Measure {
  const times = kills.map(({ writableMs }) => writableMs / 1000)
  return {
    name: `SIGKILL of a node, until every partition is writable, p99 of ${kills.length} kills`,
    goal: { atMost: 3 },
    got: Math.max(...times),
    unit: ' s',
    note: `median ${figure(median(times))} s, fastest ${figure(Math.min(...times))} s`,
  }
}

function redirectsMeanwhile(kills: readonly Kill[]): Measure[] {
  const sum = (of: (visits: StreamResult) => number) =>
    kills.reduce((total, { visits }) => total + of(visits), 0)
  const requests = sum((visits) => visits.requests)
  const slowest = Math.max(...kills.map(({ visits }) => visits.maxMs))
  return [
    {
      name: 'redirects during the kills, wrong',
      goal: { atMost: 0 },
      got: sum(({ wrong }) => wrong),
      unit: '',
      note:
        `of ${requests}, ${REDIRECTS_PER_SECOND}/s; ${sum(({ refused }) => refused)} refused (503), ` +
        `${sum(({ unanswered }) => unanswered)} unanswered`,
    },
    {
      name: `redirects during the kills, right within ${REDIRECT_WITHIN_MS} ms`,
      goal: { atLeast: 99.9 },
      got: (sum(({ correctInTime }) => correctInTime) * 100) / requests,
      unit: ' %',
      note: `the slowest took ${figure(slowest)} ms`,
    },
  ]
}

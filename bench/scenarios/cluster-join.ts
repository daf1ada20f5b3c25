/**
 * A fourth node joins three that have all links, under load, and leaves again: how long it takes,
 * what fails, how evenly the links move, and how long the writes of a partition wait while it moves.
 *
 * Waits are the source's own measure, from the moment it takes no more writes until it sees the new
 * owner in the table; what a client sees of them is in the latencies of the creates. For reads there is
 * nothing to measure but their latency: no step of a move makes them wait.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterStatus } from '../../cluster/observer/cluster-status.ts'
import { BenchCluster, type BenchNode } from '../bench-cluster.ts'
import { visitedLinks } from '../link-set.ts'
import { figure, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { createStream, redirectStream } from '../streams.ts'
import { describe } from './service-level.ts'

const REDIRECTS_PER_SECOND = 1000
const CREATES_PER_SECOND = 50
/** Loads end earlier, when the move is over. */
const LOAD_SECONDS_MAX = 120
const LEAD_MS = 1_000
/** So that a million links may wait for a slow store. */
const ROOM = { TINYGRID_DIRTY_MAX: '4GB', TINYGRID_LOG_MAX: '4GB' }

interface Change {
  readonly seconds: number
  readonly status: ClusterStatus
  readonly results: readonly StreamResult[]
}

export const clusterJoin: Scenario = {
  name: 'cluster-join',
  about: 'a fourth node joins three with all links under load, and leaves: time, failures, waits',
  async run(bench) {
    const cluster = await BenchCluster.start(
      bench,
      Array.from({ length: 3 }, () => ({ env: ROOM })),
    )
    const codes = await cluster.load(bench.options.links)
    const load = (change: () => Promise<void>) => underLoad(cluster, codes, change)
    let joined: BenchNode | undefined
    const join = await load(async () => {
      joined = await cluster.addNode({ env: ROOM })
      await cluster.settled()
    })
    const moved = movedShare(join.status, joined!)
    const leave = await load(async () => {
      await cluster.stop(joined!)
      await cluster.settled()
    })
    for (const result of [...join.results, ...leave.results]) bench.say(`  ${describe(result)}`)
    return [...measuresOf(bench, join, leave), moved, ...waits(join, leave, joined!)]
  },
}

async function underLoad(
  cluster: BenchCluster,
  codes: readonly string[],
  change: () => Promise<void>,
): Promise<Change> {
  const { ports } = cluster
  const over = new AbortController()
  const streams = [
    redirectStream(visitedLinks(codes), REDIRECTS_PER_SECOND),
    createStream(CREATES_PER_SECOND),
  ]
  // The three that stay: clients of a node that stops have to go elsewhere.
  const loading = runOpenLoop(ports.slice(0, 3), LOAD_SECONDS_MAX, streams, over.signal)
  await sleep(LEAD_MS)
  const startedAt = performance.now()
  await change()
  const seconds = (performance.now() - startedAt) / 1000
  const status = await cluster.status()
  await sleep(LEAD_MS)
  over.abort()
  return { seconds, status, results: await loading }
}

function measuresOf({ options }: Bench, join: Change, leave: Change): Measure[] {
  const failed = (change: Change) => change.results.reduce((sum, result) => sum + result.failed, 0)
  const load = `${REDIRECTS_PER_SECOND} redirects/s and ${CREATES_PER_SECOND} creates/s`
  return [
    {
      name: `a fourth node joins three with ${figure(options.links)} links, from its start`,
      goal: { atMost: 10 },
      got: join.seconds,
      unit: ' s',
      note: `under ${load}; it left in ${figure(leave.seconds)} s`,
    },
    {
      name: 'requests that failed meanwhile',
      goal: { atMost: 0 },
      got: failed(join) + failed(leave),
      unit: '',
      note: `${failed(join)} as it joined, ${failed(leave)} as it left`,
    },
  ]
}

function movedShare({ nodes }: ClusterStatus, joined: BenchNode): Measure {
  const links = nodes.map(({ numbers }) => numbers?.linksInMemory ?? Number.NaN)
  const all = links.reduce((sum, count) => sum + count, 0)
  const own = links[nodes.findIndex(({ id }) => id === joined.id)]!
  const share = own / all
  return {
    name: 'links that moved to it, off a quarter of all',
    goal: { atMost: 5 },
    got: Math.abs(share / 0.25 - 1) * 100,
    unit: ' %',
    note: `${own} of ${all}`,
  }
}

/** Of the moves to the joined node: what its leaving made others wait, it took along. */
function waits(join: Change, leave: Change, joined: BenchNode): Measure[] {
  const known = join.status.moves.done
    .flatMap(({ to, waitMs }) => (to === joined.id && waitMs !== null ? [waitMs] : []))
    .sort((one, other) => one - other)
  const creates = [join, leave].map(({ results }) => describe(results[1]!)).join('; ')
  const redirects = [join, leave].map(({ results }) => describe(results[0]!)).join('; ')
  return [
    {
      name: 'writes of a partition that moves wait, p99',
      goal: { atMost: 50 },
      got: known[Math.ceil(known.length * 0.99) - 1] ?? Number.NaN,
      unit: ' ms',
      note: `${known.length} moves, median ${known[known.length >> 1]} ms; creates ${creates}`,
    },
    {
      name: 'redirects while partitions move, p99.9',
      got: Math.max(...[join, leave].map(({ results }) => results[0]!.p999Ms)),
      unit: ' ms',
      note: `no goal, as no read waits for a move: ${redirects}`,
    },
  ]
}

/**
 * Far more links than memory holds, by default 30 million in 2 GB: 80 % of the visits go to 20 % of the links.
 *
 * Told are the time to be ready and to know every code, what memory takes, the share of redirects that
 * memory answers once the traffic has shaped it, and how fast unknown codes are denied: against a server
 * that has nothing, whose every 404 comes from memory, by turns in one sitting.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { largeLink, makeLargeData, unknownCode } from '../large-data.ts'
import type { VisitedLink } from '../link-set.ts'
import { RedirectLoad } from '../load.ts'
import { figure, median, type Measure } from '../measure.ts'
import { runOpenLoop, type StreamResult } from '../open-loop.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { readMetrics, untilKnown } from '../server-metrics.ts'
import { untilReady, type ServerProcess } from '../server-process.ts'
import { redirectStream } from '../streams.ts'
import { describe } from './service-level.ts'

/** 2 GB for 30 million links; for fewer as much less, so that the same share of them fits. */
const MEMORY_BYTES_PER_LINK = 2e9 / 30e6
const MEMORY_BYTES_MIN = 16e6
/** Of the links, and of the visits that go to them. */
const HOT = { links: 0.2, visits: 0.8 }
/** Drawn anew for each run, so that none is answered because an earlier one had the same visits. */
const VISITS = 1_000_000
const CHECKED_VISITS = 200_000
const REDIRECTS_PER_SECOND = 4000
/** Each about as long as its visits last. */
const WARM_UP_RUNS = 6
const WARM_UP_SECONDS = 15
const READY_MS = 600_000

export const large: Scenario = {
  name: 'large',
  about: '30,000,000 links in 2 GB: answered from memory, unknown codes, time to ready',
  async run(bench) {
    const { links } = bench.options
    const dataDir = bench.emptyDataDir()
    await makeLargeData(dataDir, links, (line) => bench.say(line))
    const startedAt = performance.now()
    const memory = Math.max(MEMORY_BYTES_MIN, Math.round(links * MEMORY_BYTES_PER_LINK))
    const env = { TINYGRID_MEMORY_MAX: `${Math.round(memory / 1e6)}MB` }
    const server = bench.keep(await bench.spawn({ dataDir, env }))
    await untilReady(server)
    const readySeconds = (performance.now() - startedAt) / 1000
    bench.say(`  ready after ${figure(readySeconds)} s`)
    await untilKnown(server, READY_MS)
    const knownSeconds = (performance.now() - startedAt) / 1000
    const loaded = await tell(bench, server)
    for (let run = 0; run < WARM_UP_RUNS; run++) await visit(bench, server, WARM_UP_SECONDS)
    const checked = Array.from({ length: CHECKED_VISITS }, () => drawn(links))
    const stream = redirectStream(checked, REDIRECTS_PER_SECOND)
    const [latency] = await runOpenLoop(server.port, bench.options.serviceSeconds, [stream])
    const shares = await shareOfMemory(bench, server)
    const speeds = await compare(bench, server)
    const settled = await tell(bench, server)
    return [
      ...timesOf(readySeconds, knownSeconds, loaded),
      ...shares,
      ...speeds,
      ...memoryOf(settled),
      ...latencyOf(latency!),
    ]
  },
}

type Told = Awaited<ReturnType<typeof tell>>

async function tell(bench: Bench, server: ServerProcess) {
  const metrics = await readMetrics(server)
  const ownBytes = server.ownBytes() ?? Number.NaN
  const { linksInMemory, partitionsComplete, linkMemoryBytes } = metrics
  bench.say(
    `  ${linksInMemory} links in ${mega(linkMemoryBytes)} MB, ${partitionsComplete} partitions ` +
      `complete, ${metrics.partitionsKnown} known, ${mega(ownBytes)} MB of its own`,
  )
  return { ...metrics, ownBytes }
}

function mega(bytes: number): number {
  return Math.round(bytes / 1e6)
}

function drawn(links: number): VisitedLink {
  const hot = Math.floor(links * HOT.links)
  const isHot = Math.random() < HOT.visits
  const index = isHot ? Math.random() * hot : hot + Math.random() * (links - hot)
  return largeLink(Math.floor(index))
}

function unknown(): VisitedLink {
  return { code: unknownCode(Math.floor(Math.random() * 2 ** 31)), url: '' }
}

/** One run of visits; the share of them that was not asked of the store. */
async function visit(
  bench: Bench,
  server: ServerProcess,
  seconds: number,
  draw = () => drawn(bench.options.links),
) {
  const visits = Array.from({ length: VISITS }, draw)
  const load = new RedirectLoad(bench.options.tool, visits, bench.folder)
  await load.prepare()
  const before = await readMetrics(server)
  const result = await load.run(server, seconds)
  const after = await readMetrics(server)
  const read = after.readThroughs - before.readThroughs
  const share = (1 - read / result.requests) * 100
  const evicted = after.evictions - before.evictions
  bench.say(
    `  ${figure(result.perSecond)}/s, ${figure(share)} % without the store, ${evicted} evicted, ` +
      `${result.failures} not 2xx or 3xx, ${figure(result.cpuMicros ?? Number.NaN)} us each`,
  )
  return { ...result, share }
}

async function shareOfMemory(bench: Bench, server: ServerProcess): Promise<Measure[]> {
  const runs = []
  for (let round = 0; round < 3; round++) {
    runs.push(await visit(bench, server, bench.options.seconds))
  }
  const failures = runs.reduce((sum, run) => sum + run.failures, 0)
  return [
    {
      name: 'redirects at 80/20, answered from memory',
      got: median(runs.map(({ share }) => share)),
      unit: ' %',
      note: `at ${figure(median(runs.map(({ perSecond }) => perSecond)))}/s`,
    },
    { name: 'redirects at 80/20, failed', goal: { atMost: 0 }, got: failures, unit: '' },
  ]
}

async function compare(bench: Bench, server: ServerProcess): Promise<Measure[]> {
  const empty = await bench.start({ dataDir: bench.emptyDataDir() })
  const { seconds, rounds, links } = bench.options
  const known: number[] = []
  const denied: number[] = []
  const bare: number[] = []
  let share = 100
  for (let round = 0; round < rounds; round++) {
    known.push((await visit(bench, server, seconds, () => drawn(links))).perSecond)
    const run = await visit(bench, server, seconds, unknown)
    share = Math.min(share, run.share)
    denied.push(run.perSecond)
    bare.push((await visit(bench, empty, seconds, unknown)).perSecond)
    await sleep(100)
  }
  const ratio = (of: readonly number[]) => median(denied.map((got, at) => got / of[at]!))
  return [
    {
      name: 'unknown codes, against those of an empty server',
      goal: { atLeast: 0.9 },
      got: ratio(bare),
      unit: '',
      note: `${figure(median(denied))}/s, ${figure(median(bare))}/s`,
    },
    {
      name: 'unknown codes, against known ones',
      got: ratio(known),
      unit: '',
      note: `${figure(median(known))}/s`,
    },
    { name: 'unknown codes, denied from memory', goal: { atLeast: 99 }, got: share, unit: ' %' },
  ]
}

function timesOf(readySeconds: number, knownSeconds: number, loaded: Told): Measure[] {
  const { linksInMemory, partitionsComplete, partitionsOwned } = loaded
  return [
    { name: 'start, ready', goal: { atMost: 5 }, got: readySeconds, unit: ' s' },
    {
      name: 'start, every code known',
      got: knownSeconds,
      unit: ' s',
      note: `${linksInMemory} links in memory, ${partitionsComplete} of ${partitionsOwned} partitions complete`,
    },
  ]
}

function memoryOf({ linkMemoryBytes, linksInMemory, ownBytes }: Told): Measure[] {
  return [
    {
      name: 'memory for each link in memory',
      got: linkMemoryBytes / linksInMemory,
      unit: ' B',
      note: `${linksInMemory} links in ${mega(linkMemoryBytes)} MB, filters included`,
    },
    {
      name: 'memory of the process, without pages of files',
      got: mega(ownBytes),
      unit: ' MB',
    },
  ]
}

function latencyOf(result: StreamResult): Measure[] {
  const name = `redirects, ${REDIRECTS_PER_SECOND}/s at 80/20`
  return [
    {
      name: `${name}, p99`,
      goal: { atMost: 100 },
      got: result.p99Ms,
      unit: ' ms',
      note: describe(result),
    },
    {
      name: `${name}, answered wrongly or not`,
      goal: { atMost: 0 },
      got: result.failed,
      unit: '',
    },
  ]
}

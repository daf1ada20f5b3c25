/**
 * `npm run bench`: runs scenarios against the program as it is started by `npm start`, prints their
 * figures beside the goals and writes them as JSON.
 *
 * How the figures are made fair is told where it is done: by turns (rounds.ts), in open loop
 * (open-loop.ts), by CPU time (server-process.ts).
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { dirname } from 'node:path'
import { measureDiskSync, type DiskSync } from './disk-sync.ts'
import { figure, isMet, machine, tableOf, type Measure } from './measure.ts'
import { benchHelp, parseBenchOptions, UsageError, type BenchOptions } from './options.ts'
import { Bench, type Scenario } from './scenario.ts'
import { clickLag } from './scenarios/click-lag.ts'
import { clickParsing } from './scenarios/click-parsing.ts'
import { clickQuestions } from './scenarios/click-questions.ts'
import { clickStore } from './scenarios/click-store.ts'
import { clickPath } from './scenarios/click-path.ts'
import { clicks } from './scenarios/clicks.ts'
import { clusterBulk } from './scenarios/cluster-bulk.ts'
import { clusterClicks } from './scenarios/cluster-clicks.ts'
import { clusterJoin } from './scenarios/cluster-join.ts'
import { clusterKillWrites } from './scenarios/cluster-kill-writes.ts'
import { clusterKill } from './scenarios/cluster-kill.ts'
import { clusterLogStreams } from './scenarios/cluster-log-streams.ts'
import { clusterRedirects } from './scenarios/cluster-redirects.ts'
import { clusterServiceLevel } from './scenarios/cluster-service-level.ts'
import { controlTraffic } from './scenarios/control-traffic.ts'
import { creates } from './scenarios/creates.ts'
import { dashboard } from './scenarios/dashboard.ts'
import { large } from './scenarios/large.ts'
import { linkTable } from './scenarios/link-table.ts'
import { longWork } from './scenarios/long-work.ts'
import { natsLeader } from './scenarios/nats-leader.ts'
import { natsSync } from './scenarios/nats-sync.ts'
import { redirects } from './scenarios/redirects.ts'
import { mixed, serviceLevel } from './scenarios/service-level.ts'
import { startUp } from './scenarios/start-up.ts'

/** Of the embedded way: those that run when none is named. */
const SCENARIOS: readonly Scenario[] = [
  redirects,
  serviceLevel,
  mixed,
  longWork,
  clicks,
  clickLag,
  clickQuestions,
  creates,
  linkTable,
  clickParsing,
  clickStore,
  dashboard,
  startUp,
  clickPath,
  controlTraffic,
]
/** Needs minutes and gigabytes. */
const ALONE: readonly Scenario[] = [large]
/** Named together by CLUSTER. They start the real servers (`npm run services`). */
const CLUSTER_SCENARIOS: readonly Scenario[] = [
  clusterRedirects,
  clusterClicks,
  clusterServiceLevel,
  clusterKill,
  clusterKillWrites,
  clusterBulk,
  clusterJoin,
  clusterLogStreams,
  natsLeader,
  natsSync,
]
const CLUSTER = 'cluster'

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message} (--help tells more)`)
  process.exitCode = 2
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseBenchOptions(args)
  if (options === undefined) {
    console.log(benchHelp(SCENARIOS, ALONE, CLUSTER_SCENARIOS))
    return 0
  }
  const scenarios = chosen(options.names)
  const bench = new Bench(options)
  const before = { load: loadavg()[0]!, diskSync: measureDiskSync(bench.folder) }
  const measures = await runAll(bench, scenarios)
  console.log(`\n${conditions(options, before)}\n\n${tableOf(measures)}\n`)
  await writeJson(options, before, measures)
  console.error(`written to ${options.jsonPath}`)
  return measures.some((measure) => isMet(measure) === false) ? 1 : 0
}

async function runAll(bench: Bench, scenarios: readonly Scenario[]): Promise<Measure[]> {
  const measures: Measure[] = []
  for (const scenario of scenarios) {
    bench.say(`${scenario.name}: ${scenario.about}`)
    measures.push(...(await scenario.run(bench).catch((error) => notMeasured(scenario, error))))
    await bench.endScenario()
  }
  return measures
}

/** A scenario that fails misses its goal, and the others still run. */
function notMeasured(scenario: Scenario, error: unknown): Measure[] {
  const note = error instanceof Error ? error.message : String(error)
  const name = `${scenario.name}: could not be measured`
  return [{ name, goal: { atMost: 0 }, got: Number.NaN, unit: '', note }]
}

function chosen(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS
  return names.flatMap((name) => {
    if (name === CLUSTER) return CLUSTER_SCENARIOS
    const all = [...SCENARIOS, ...ALONE, ...CLUSTER_SCENARIOS]
    const scenario = all.find((candidate) => candidate.name === name)
    if (scenario === undefined) throw new UsageError(`${name} is no scenario`)
    return scenario
  })
}

/** What the machine was like before the first scenario. */
interface Before {
  /** Processes that wanted a core, over the last minute: others' work spoils figures from 1 on. */
  readonly load: number
  readonly diskSync: DiskSync
}

/** What the figures were taken on, in two lines. */
function conditions({ tool }: BenchOptions, { load, diskSync }: Before): string {
  const { cpu, cores, node } = machine()
  const { p50Ms, p99Ms, maxMs } = diskSync
  const syncs = [p50Ms, p99Ms, maxMs].map((ms) => figure(ms)).join(' / ')
  return (
    `${cpu}, ${cores} cores, Node ${node}, ${tool}\n` +
    `load of the machine before: ${figure(load)}; disk sync ${syncs} ms (p50/p99/max)`
  )
}

async function writeJson(
  options: BenchOptions,
  before: Before,
  measures: readonly Measure[],
): Promise<void> {
  const { seconds, serviceSeconds, rounds, kills, links, tool } = options
  const report = {
    date: new Date().toISOString(),
    machine: { ...machine(), before },
    options: { seconds, serviceSeconds, rounds, kills, links, clicks: options.clicks, tool },
    measures: measures.map((measure) => ({ ...measure, isMet: isMet(measure) })),
  }
  await mkdir(dirname(options.jsonPath), { recursive: true })
  await writeFile(options.jsonPath, `${JSON.stringify(report, undefined, 2)}\n`)
}

/**
 * `npm run bench`: runs scenarios against the program as it is started by `npm start`, prints their
 * figures beside the goals and writes them as JSON.
 *
 * How the figures are made fair is told where it is done: by turns (rounds.ts), in open loop
 * (open-loop.ts), by CPU time (server-process.ts).
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isMet, machine, tableOf, type Measure } from './measure.ts'
import { benchHelp, parseBenchOptions, type BenchOptions } from './options.ts'
import { Bench, type Scenario } from './scenario.ts'
import { creates } from './scenarios/creates.ts'
import { redirects } from './scenarios/redirects.ts'
import { mixed, serviceLevel } from './scenarios/service-level.ts'
import { startUp } from './scenarios/start-up.ts'

const SCENARIOS: readonly Scenario[] = [redirects, serviceLevel, mixed, creates, startUp]

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const options = parseBenchOptions(args)
  if (options === undefined) {
    console.log(benchHelp(SCENARIOS))
    return 0
  }
  const measures = await runAll(options)
  console.log(`\n${tableOf(measures)}\n`)
  await writeJson(options, measures)
  console.error(`written to ${options.jsonPath}`)
  return measures.some((measure) => isMet(measure) === false) ? 1 : 0
}

async function runAll(options: BenchOptions): Promise<Measure[]> {
  const scenarios = chosen(options.names)
  const bench = new Bench(options)
  const measures: Measure[] = []
  try {
    for (const scenario of scenarios) {
      bench.say(`${scenario.name}: ${scenario.about}`)
      measures.push(...(await scenario.run(bench)))
      await bench.stopServers()
    }
  } finally {
    await bench.stopServers()
  }
  return measures
}

function chosen(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS
  return names.map((name) => {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name)
    if (scenario === undefined) throw new Error(`${name} is no scenario (--help lists them)`)
    return scenario
  })
}

async function writeJson(options: BenchOptions, measures: readonly Measure[]): Promise<void> {
  const { seconds, serviceSeconds, rounds, links, tool } = options
  const report = {
    date: new Date().toISOString(),
    machine: machine(),
    options: { seconds, serviceSeconds, rounds, links, tool },
    measures: measures.map((measure) => ({ ...measure, isMet: isMet(measure) })),
  }
  await mkdir(dirname(options.jsonPath), { recursive: true })
  await writeFile(options.jsonPath, `${JSON.stringify(report, undefined, 2)}\n`)
}

/** What `npm run bench` takes on its command line, and its help. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { availableTool, type LoadTool } from './load.ts'

export interface BenchOptions {
  /** Scenarios to run, in this order; empty: all. */
  readonly names: readonly string[]
  /** Length of one sample under closed-loop load. */
  readonly seconds: number
  /** Length of an open-loop run. */
  readonly serviceSeconds: number
  /** Samples per server; the ratio is the median over them. */
  readonly rounds: number
  /** How often a node of a cluster is killed. */
  readonly kills: number
  readonly links: number
  /** Behind questions; undefined: as many as the scenario is about. */
  readonly clicks: number | undefined
  readonly tool: LoadTool
  /** Where the loaded data is kept for further runs; undefined: in a folder that goes away. */
  readonly dataFolder: string | undefined
  /** Where the servers write CPU profiles; undefined: none, because profiling costs time. */
  readonly profileFolder: string | undefined
  readonly jsonPath: string
}

const LINKS_FULL = 4_000_000
const LINKS = '1000000'
/** Of the scenario that has more than fit into memory. */
const LINKS_LARGE = '30000000'

const LONG = { seconds: '5', service: '30' }
/** A cluster takes its time to be loaded. */
const SHORT = { seconds: '3', service: '15' }

/** What is wrong with the command line, in a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

interface Described {
  readonly name: string
  readonly about: string
}

export function benchHelp(
  scenarios: readonly Described[],
  alone: readonly Described[],
  ofCluster: readonly Described[],
) {
  return `Usage: npm run bench [-- SCENARIO... OPTIONS]

Measures Tinygrid against its goals on this machine, prints a table and writes JSON.

Scenarios (all by default)
${listOf(scenarios)}

Scenarios that run only when they are named
${listOf(alone)}

Scenarios of a cluster (all by the name "cluster"; they need what npm run services finds or builds)
${listOf(ofCluster)}

Options
  --seconds N           length of one sample of closed-loop load (5; of a cluster 3)
  --service-seconds N   length of an open-loop run (30; of a cluster 15)
  --rounds N            samples per server, taken in turns (5)
  --kills N             nodes that are killed, one after the other (20)
  --links N             links that are loaded (1000000; large 30000000)
  --full                4000000 links
  --clicks N            clicks that are noted and asked about (1000000; click-store 10000000)
  --tool NAME           wrk or autocannon (wrk where it is installed)
  --data FOLDER         keep the loaded links here for the next run
  --profile FOLDER      write a CPU profile of each Tinygrid server (makes figures worse)
  --json FILE           where to write the figures (bench/results/<date>.json)
  --help                this

Exit code: 0 all goals met, 1 some missed, 2 wrong command line.
`
}

function listOf(scenarios: readonly Described[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  return scenarios.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')
}

/** undefined: help is wanted. @throws UsageError */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parse(args)
  if (values.help === true) return undefined
  const lengths = positionals.some((name) => name.startsWith('cluster')) ? SHORT : LONG
  return {
    names: positionals,
    seconds: positive('seconds', values.seconds ?? lengths.seconds),
    serviceSeconds: positive('service-seconds', values['service-seconds'] ?? lengths.service),
    rounds: positive('rounds', values.rounds),
    kills: positive('kills', values.kills),
    links:
      values.full === true ? LINKS_FULL : positive('links', values.links ?? linksOf(positionals)),
    clicks: values.clicks === undefined ? undefined : positive('clicks', values.clicks),
    tool: toolOf(values.tool),
    dataFolder: values.data,
    profileFolder: values.profile,
    jsonPath: values.json ?? defaultJsonPath(),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        seconds: { type: 'string' },
        'service-seconds': { type: 'string' },
        rounds: { type: 'string', default: '5' },
        kills: { type: 'string', default: '20' },
        links: { type: 'string' },
        full: { type: 'boolean' },
        clicks: { type: 'string' },
        tool: { type: 'string', default: availableTool() },
        data: { type: 'string' },
        profile: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function linksOf(names: readonly string[]): string {
  return names.includes('large') ? LINKS_LARGE : LINKS
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`--${name} takes a whole number above 0, not ${text}`)
}

function toolOf(text: string): LoadTool {
  if (text === 'wrk' || text === 'autocannon') return text
  throw new UsageError(`--tool takes wrk or autocannon, not ${text}`)
}

function defaultJsonPath(): string {
  const date = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  return join(import.meta.dirname, 'results', `${date}.json`)
}

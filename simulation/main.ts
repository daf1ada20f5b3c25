/**
 * `npm run simulate`: many seeds with their failures, or one seed with its whole story.
 */
import { parseSimulateOptions, simulateHelp, UsageError, type SimulateOptions } from './options.ts'
import type { RunResult } from './run.ts'
import { runSeeds } from './seeds.ts'
import { SETTINGS } from './settings.ts'

/** Failures printed; of the rest only the seed. */
const TOLD_MAX = 3
const PROGRESS_EVERY_MS = 2_000

async function main(): Promise<number> {
  const options = parseSimulateOptions(process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(simulateHelp())
    return 0
  }
  return options.seed === undefined ? runMany(options) : runOne(options.seed, options)
}

async function runOne(seed: number, { setting, fault }: SimulateOptions): Promise<number> {
  const { failure } = await SETTINGS[setting].run(seed, { fault, print })
  print(failure === undefined ? `seed ${seed}: nothing failed` : `seed ${seed} failed: ${failure}`)
  return failure === undefined ? 0 : 1
}

async function runMany(options: SimulateOptions): Promise<number> {
  const began = performance.now()
  const sums = { seeds: 0, operations: 0, events: 0 }
  const failed: number[] = []
  let toldAt = began
  const onResult = ({ seed, failure, operations, events }: RunResult) => {
    sums.seeds++
    sums.operations += operations
    sums.events += events
    if (failure !== undefined) {
      if (failed.push(seed) <= TOLD_MAX) print(`seed ${seed} failed: ${failure}\n`)
    }
    if (performance.now() - toldAt > PROGRESS_EVERY_MS) {
      toldAt = performance.now()
      print(`${sums.seeds} of ${options.seeds} seeds, ${failed.length} failed`)
    }
    return false
  }
  await runSeeds({ ...options, onResult })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  print(`${sums.seeds} seeds, ${sums.operations} operations, ${sums.events} events, ${seconds} s`)
  if (failed.length === 0) return 0
  print(`failed: ${failed.sort((a, b) => a - b).join(' ')}`)
  print(`to see one: npm run simulate -- --seed ${failed[0]} ${flagsOf(options)}`)
  return 1
}

function flagsOf({ setting, fault }: SimulateOptions): string {
  return `--setting ${setting}${fault === undefined ? '' : ` --fault ${fault}`}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = error instanceof UsageError
  process.stderr.write(`${isUsage ? error.message : String((error as Error).stack)}\n`)
  process.exitCode = isUsage ? 2 : 1
}

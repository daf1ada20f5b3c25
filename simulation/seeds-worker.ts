/** A thread that runs every n-th seed of a range and reports each. Started by `seeds.ts`. */
import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'
import { PLANTED_FAULTS } from './planted-faults.ts'
import { runSeed } from './run.ts'
import type { SeedRange } from './seeds.ts'
import { SETTINGS } from './settings.ts'

assert(parentPort !== null)
const { first, last, step, setting, fault } = workerData as SeedRange
const planted = fault === undefined ? {} : { fault: PLANTED_FAULTS[fault] }
for (let seed = first; seed <= last; seed += step) {
  const result = await runSeed(seed, { ...SETTINGS[setting], ...planted })
  parentPort.postMessage(result, [])
}

/** A thread that runs every n-th seed of a range and reports each. Started by `seeds.ts`. */
import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'
import type { SeedRange } from './seeds.ts'
import { SETTINGS } from './settings.ts'

assert(parentPort !== null)
const { first, last, step, setting, fault } = workerData as SeedRange
for (let seed = first; seed <= last; seed += step) {
  const result = await SETTINGS[setting].run(seed, { fault })
  parentPort.postMessage(result, [])
}

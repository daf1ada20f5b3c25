import { availableParallelism } from 'node:os'
import test from 'ava'
import { PLANTED_FAULTS, type FaultName } from './planted-faults.ts'
import { runSeeds } from './seeds.ts'

/*
 * A simulator that finds nothing says nothing: each fault that is planted must be caught.
 */

const SEEDS_MAX = 5_000
const WORKERS = Math.min(2, availableParallelism())

for (const [name, { what }] of Object.entries(PLANTED_FAULTS)) {
  test.serial(`it is caught when ${what}`, async (t) => {
    const caught: number[] = []
    await runSeeds({
      from: 1,
      seeds: SEEDS_MAX,
      workers: WORKERS,
      setting: 'cluster',
      fault: name as FaultName,
      onResult: ({ seed, failure }) => {
        if (failure !== undefined) caught.push(seed)
        return failure !== undefined
      },
    })
    t.log(`seed ${caught[0]}`)
    t.true(caught.length > 0)
  })
}

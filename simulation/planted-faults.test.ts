import { availableParallelism } from 'node:os'
import test from 'ava'
import { runSeeds } from './seeds.ts'
import { SETTINGS, type Setting, type SettingName } from './settings.ts'

/*
 * A simulator that finds nothing says nothing: each fault that is planted must be caught.
 */

const SEEDS_MAX = 5_000
const WORKERS = Math.min(2, availableParallelism())

for (const setting of ['cluster', 'clicks'] as const satisfies SettingName[]) {
  const { faults }: Setting = SETTINGS[setting]
  for (const [fault, { what }] of Object.entries(faults)) {
    test.serial(`it is caught when ${what}`, async (t) => {
      const caught: number[] = []
      await runSeeds({
        from: 1,
        seeds: SEEDS_MAX,
        workers: WORKERS,
        setting,
        fault,
        onResult: ({ seed, failure }) => {
          if (failure !== undefined) caught.push(seed)
          return failure !== undefined
        },
      })
      t.log(`seed ${caught[0]}`)
      t.true(caught.length > 0)
    })
  }
}

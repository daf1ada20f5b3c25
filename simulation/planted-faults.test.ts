import test from 'ava'
import { SETTINGS, type Setting, type SettingName } from './settings.ts'

/*
 * A simulator that finds nothing says nothing: each fault that is planted must be caught. Most are within
 * a few schedules, so that threads would cost more than they save.
 */

const SEEDS_MAX = 5_000

for (const name of ['cluster', 'clicks'] as const satisfies SettingName[]) {
  const setting: Setting = SETTINGS[name]
  for (const [fault, { what }] of Object.entries(setting.faults)) {
    test.serial(`it is caught when ${what}`, async (t) => {
      let seed = 1
      while (seed <= SEEDS_MAX && (await setting.run(seed, { fault })).failure === undefined) seed++
      t.log(`seed ${seed}`)
      t.true(seed <= SEEDS_MAX)
    })
  }
}

import { availableParallelism } from 'node:os'
import test from 'ava'
import type { RunResult } from './run.ts'
import { runSeeds } from './seeds.ts'
import type { SettingName } from './settings.ts'

/*
 * Hundreds of schedules over the real code, several times as many as any planted fault needs to be caught.
 * What fails is told by its seed, which `npm run simulate -- --seed N` plays again.
 */

const WORKERS = Math.min(2, availableParallelism())
const LONE_SEEDS = 150
const CLICK_SEEDS = 150
const CLUSTER_SEEDS = 400
/** Seeds per test, so that somebody who waits sees how far it is. */
const PART = 200

async function failuresOf(
  setting: SettingName,
  from: number,
  seeds: number,
): Promise<readonly string[]> {
  const failures: string[] = []
  const onResult = ({ seed, failure }: RunResult) => {
    if (failure !== undefined) failures.push(`seed ${seed}: ${failure}`)
    return false
  }
  await runSeeds({ from, seeds, workers: WORKERS, setting, onResult })
  return failures
}

test.serial(`a lone owner keeps its promises under ${LONE_SEEDS} schedules`, async (t) => {
  t.deepEqual(await failuresOf('lone', 1, LONE_SEEDS), [])
})

test.serial(
  `each click is stored once, and none is lost uncounted, ${CLICK_SEEDS} schedules`,
  async (t) => {
    t.deepEqual(await failuresOf('clicks', 1, CLICK_SEEDS), [])
  },
)

for (let from = 1; from <= CLUSTER_SEEDS; from += PART) {
  test.serial(`a cluster keeps them, seeds ${from} to ${from + PART - 1}`, async (t) => {
    t.deepEqual(await failuresOf('cluster', from, PART), [])
  })
}

import test from 'ava'
import fc from 'fast-check'
import { runClickPath, STEPS, type PathFault, type PathPlan } from './testing/click-path.ts'

/*
 * Each click counts once, whatever fails and whoever dies between any two steps.
 */

const RUNS = 500

/** Most work: a group is stored after some that did. */
const step = fc.oneof(
  { weight: 10, arbitrary: fc.constant('work' as const) },
  { weight: 6, arbitrary: fc.constantFrom(...STEPS) },
)

const plans = (fault?: PathFault) =>
  fc.record<PathPlan>({
    batches: fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 1, maxLength: 12 }),
    writes: fc.array(step, { maxLength: 20 }),
    steps: fc.array(step, { minLength: 10, maxLength: 60 }),
    ...(fault !== undefined && { fault: fc.constant(fault) }),
  })

/** A click in the store for each in the log, in its place, and one in the log for each that was taken. */
async function countsOnce(plan: PathPlan): Promise<boolean> {
  const { taken, logged, stored } = await runClickPath(plan)
  const inLog = logged.map((place) => Number(place.split(' ')[1]))
  return stored.join() === logged.join() && inLog.join() === taken.join()
}

test('each click that is taken is logged once and stored once, whatever fails or dies', async (t) => {
  await t.notThrowsAsync(fc.assert(fc.asyncProperty(plans(), countsOnce), { numRuns: RUNS }))
})

for (const fault of ['position outside the transaction', 'retried batch with a new id'] as const) {
  test(`it is seen when there is a ${fault}`, async (t) => {
    const { failed, numRuns } = await fc.check(fc.asyncProperty(plans(fault), countsOnce), {
      numRuns: RUNS,
      seed: 20_261_127,
    })
    t.true(failed)
    t.log(`after ${numRuns} runs`)
  })
}

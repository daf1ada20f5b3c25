/** Which rule decided a click goes with it from the ring into the log. */
import test from 'ava'
import * as fc from 'fast-check'
import { RecorderWorld } from '../testing/recorder-world.ts'

test('a click is logged with the rule that decided it, and no other click with it', async (t) => {
  const turns = fc.array(fc.array(fc.option(fc.integer({ min: 1, max: 20 })), { maxLength: 8 }))
  const property = fc.asyncProperty(turns, async (taken) => {
    const world = new RecorderWorld()
    for (const rules of taken) {
      for (const rule of rules) world.visit(rule === null ? {} : { rule })
      await world.taken()
    }
    const rules = world.clicks().map(({ rule }) => rule)
    t.deepEqual(
      rules,
      taken.flat().map((rule) => rule ?? 0),
    )
  })
  await fc.assert(property, { numRuns: 30 })
})

test('the rule of a click that was dropped is told of no other', async (t) => {
  const world = new RecorderWorld()
  for (let count = 0; count < 20_000; count++) world.visit({ rule: 1 + (count % 3) })
  for (let rounds = 0; rounds < 5; rounds++) await world.taken()
  const before = world.clicks()
  t.true(before.length < 20_000)
  t.true(before.every(({ rule }, index) => rule === 1 + (index % 3)))
  world.visit()
  await world.taken()
  t.is(world.clicks().at(-1)!.rule, 0)
})

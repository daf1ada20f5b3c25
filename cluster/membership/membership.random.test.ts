import test from 'ava'
import fc from 'fast-check'
import { MembershipWorld } from '../testing/membership-world.ts'
import type { WorldNode } from '../testing/membership-world.ts'

/*
 * Random schedules of starts, stops, deaths, freezes and failures of the store. What must hold at
 * every moment is checked by the world after each 50 ms.
 */

/** At most so many nodes in one schedule, the first ones included. */
const NODES_MAX = 7

const RUNS = 150

type Fault = (node: WorldNode, ms: number) => void

const FAULTS: Record<string, Fault> = {
  freeze: ({ process }) => process.freeze(),
  mend: ({ process }) => process.mend(),
  kill: ({ process }) => process.kill(),
  stop: (node) => {
    if (node.process.isRunning && !node.isLeaving) void node.stop()
  },
  cut: ({ process }) => process.keyValue.cut(),
  'slow watch': ({ process }, ms) => {
    process.keyValue.watchDelayMs = ms
  },
  'slow store': ({ process }, ms) => {
    process.keyValue.latencyMs = ms / 4
  },
  'lost answers': ({ process }, ms) => {
    process.keyValue.answersToLose = 1 + (ms % 4)
  },
}

interface Action {
  readonly kind: string
  readonly node: number
  readonly ms: number
  readonly isStill: boolean
}

const anyAction: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom('start', 'steps', 'freeze', 'mend', ...Object.keys(FAULTS)),
  node: fc.nat(NODES_MAX - 1),
  ms: fc.oneof(fc.nat(400), fc.nat(4000)),
  /** Whether hand-offs stand still while time passes. */
  isStill: fc.boolean(),
})
const anySchedule = fc.array(anyAction, { minLength: 1, maxLength: 25, size: 'max' })

/** How many nodes watch all leases beside the controller. */
const anyJudges = fc.constantFrom(1, 2, NODES_MAX)

async function run(schedule: readonly Action[], judgesMax: number): Promise<MembershipWorld> {
  const world = new MembershipWorld({ judgesMax })
  for (const name of ['n0', 'n1', 'n2']) world.start(name)
  await world.pass(1500)
  for (const { kind, node, ms, isStill } of schedule) {
    const subject = world.nodes[node % world.nodes.length]!
    if (kind === 'start' && world.nodes.length < NODES_MAX) world.start(`n${world.nodes.length}`)
    if (kind === 'steps') world.stepAll(subject, ms)
    FAULTS[kind]?.(subject, ms)
    await world.pass(ms, isStill)
  }
  return world
}

test('whatever dies, freezes or fails, no two nodes answer for a partition, and all comes to rest', async (t) => {
  const property = fc.asyncProperty(anySchedule, anyJudges, async (schedule, judgesMax) => {
    const world = await run(schedule, judgesMax)
    await world.rest()
  })
  await t.notThrowsAsync(fc.assert(property, { numRuns: RUNS }))
})

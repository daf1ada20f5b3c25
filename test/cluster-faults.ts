/**
 * What is done to the nodes of a cluster amid requests, by name: for scenarios and the soak run.
 *
 * Each fault leaves as many nodes as there were. Returns when every partition is writable again and
 * every node is back, perhaps still taking its part over: the next fault may come amid moves.
 */
import { endEverything, endServer } from './cluster-outages.ts'
import { untilWritable } from './cluster-probe.ts'
import { settleUnknown } from './cluster-rest.ts'
import type { Scenario } from './cluster-scenario.ts'
import type { ClusterNode, ClusterWorld } from './cluster-world.ts'
import { pause, until } from './deadline.ts'

/** Long enough to be declared dead. */
const FROZEN_MS = 5_000
/** Until what was sent to a frozen node lies in its sockets. */
const BURST_ARRIVES_MS = 30
/** How long servers stay away. */
const LONG_MS = { nats: 10_000, redis: 10_000, mongo: 60_000 } as const
const MOVE_MS_MAX = 30_000
/** Between faults. */
const CALM_MS = { min: 50, max: 500 } as const

/** Returns after how many milliseconds every partition was writable. */
type Fault = (scenario: Scenario) => Promise<number>

export const FAULTS = {
  'a node is killed': (scenario) => kill(scenario, scenario.world.pickVictims(1)),
  'two nodes are killed': (scenario) => kill(scenario, scenario.world.pickVictims(2)),
  'the controller is killed': async (scenario) => {
    return kill(scenario, [await controllerOf(scenario.world)])
  },
  'the source of a move is killed': (scenario) => killInMove(scenario, 'owner'),
  'the target of a move is killed': (scenario) => killInMove(scenario, 'target'),
  'a node freezes and thaws': ({ world, ...rest }) => {
    return freeze({ world, ...rest }, world.pickVictims(1)[0]!)
  },
  'the controller freezes and thaws': async (scenario) => {
    return freeze(scenario, await controllerOf(scenario.world))
  },
  'NATS is killed': (scenario) => endServer(scenario, 'nats', LONG_MS.nats),
  'Redis is killed': (scenario) => endServer(scenario, 'redis', LONG_MS.redis),
  'MongoDB is killed': (scenario) => endServer(scenario, 'mongo', LONG_MS.mongo),
  'everything is killed': endEverything,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

/** Faults one after the other; returns how long partitions could not be written to. */
export async function repeatFault(
  name: FaultName,
  rounds: number,
  scenario: Scenario,
  onRound: (round: number, writableMs: number) => void = () => {},
): Promise<number[]> {
  const times: number[] = []
  for (let round = 1; round <= rounds; round++) {
    await pause(scenario.world.random.between(CALM_MS.min, CALM_MS.max))
    times.push(Math.round(await FAULTS[name](scenario)))
    await settleUnknown(scenario.world, scenario.history)
    onRound(round, times.at(-1)!)
  }
  return times
}

async function kill(
  { world, history }: Scenario,
  victims: readonly ClusterNode[],
): Promise<number> {
  const over = history.disturb()
  await Promise.all(victims.map((victim) => world.kill(victim)))
  const ms = await untilWritable(world, history)
  over()
  await Promise.all(victims.map(() => world.addNode()))
  return ms
}

/**
 * What is sent to the frozen node just before it thaws, it finds when it wakes, with a table that is
 * seconds old: it must not answer as the owner of what it owned.
 */
async function freeze({ world, history, clients }: Scenario, victim: ClusterNode): Promise<number> {
  const over = history.disturb()
  world.freeze(victim)
  const [ms] = await Promise.all([untilWritable(world, history), pause(FROZEN_MS)])
  const burst = clients.burst(victim)
  await pause(BURST_ARRIVES_MS)
  world.thaw(victim)
  await burst
  await untilWritable(world, history)
  over()
  await world.settled()
  return ms
}

/** A node joins or comes back, so partitions move; one end of a move is killed in its middle. */
async function killInMove(scenario: Scenario, end: 'owner' | 'target'): Promise<number> {
  const { world, history } = scenario
  await world.settled()
  const joined = await world.addNode()
  let victim: ClusterNode | undefined
  await until('a partition is moving', MOVE_MS_MAX, async () => {
    const rows = (await world.view.table())?.rows ?? []
    const moving = rows.filter(({ owner, target }) => owner !== null && target === joined.id)
    if (moving.length === 0) return false
    victim = world.nodeOf(world.random.pick(moving)[end]!)
    return victim !== undefined
  })
  const ms = await kill(scenario, [victim!])
  await world.kill(world.nodes[0]!)
  await untilWritable(world, history)
  return ms
}

async function controllerOf(world: ClusterWorld): Promise<ClusterNode> {
  let found: ClusterNode | undefined
  await until('there is a controller', MOVE_MS_MAX, async () => {
    const id = await world.view.controller()
    found = id === undefined ? undefined : world.nodeOf(id)
    return found !== undefined
  })
  return found!
}

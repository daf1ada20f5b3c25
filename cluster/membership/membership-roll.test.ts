import test, { type ExecutionContext } from 'ava'
import type { NodeId } from '../../links/ids.ts'
import { LEASE_DEAD_MS, LEASE_RENEW_MS, leaseKey } from './lease.ts'
import { CONTROLLER_KEY } from './members.ts'
import { judgesAmong, parseRoll, ROLL_GRACE_MS, ROLL_KEY, textOfRoll } from './roll.ts'
import { MembershipWorld, type WorldNode } from '../testing/membership-world.ts'

/* Clusters in which most nodes watch no leases but go by the roll. */

const JUDGES = 2
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** Eight nodes at rest. */
async function largeWorld(): Promise<MembershipWorld> {
  const world = new MembershipWorld({ judgesMax: JUDGES })
  for (const name of NAMES) {
    world.start(name)
    await world.pass(500)
  }
  await world.rest()
  return world
}

/** The controller, the judges, and everybody else. */
function ranksIn(world: MembershipWorld) {
  const living = world.living()
  const controller = living[0]!.membership.controller
  const judges = judgesAmong(
    living.map(({ nodeId }) => nodeId),
    JUDGES,
  )
  const isJudge = ({ nodeId }: WorldNode) => judges.has(nodeId) || nodeId === controller
  return {
    controller: living.find(({ nodeId }) => nodeId === controller)!,
    judges: living.filter(isJudge),
    others: living.filter((node) => !isJudge(node)),
  }
}

/** How many entries each node is told in a second. */
async function toldPerSecond(world: MembershipWorld, nodes: readonly WorldNode[]) {
  const before = nodes.map(({ process }) => process.keyValue.told)
  await world.pass(3_000)
  return nodes.map(({ process }, index) => (process.keyValue.told - before[index]!) / 3)
}

function allKnow(t: ExecutionContext, world: MembershipWorld, names: readonly string[]): void {
  for (const { membership } of world.living())
    t.deepEqual([...membership.leases.keys()].sort(), names)
}

test('in a large cluster only the judges hear each renewal', async (t) => {
  const world = await largeWorld()
  const { judges, others } = ranksIn(world)
  t.true(judges.length <= JUDGES + 1)
  const renewals = 1_000 / LEASE_RENEW_MS
  // Its own lease and the controller's key; the roll and the table stand still.
  for (const told of await toldPerSecond(world, others)) t.true(told <= 2 * renewals + 1, `${told}`)
  for (const told of await toldPerSecond(world, judges)) t.true(told >= NAMES.length * renewals - 3)
  allKnow(t, world, NAMES)
})

test('everybody hears who comes, goes and dies', async (t) => {
  const world = await largeWorld()
  world.start('i')
  await world.rest()
  allKnow(t, world, [...NAMES, 'i'])
  const [leaver, victim] = ranksIn(world).others
  await Promise.all([leaver!.stop(), world.rest()])
  victim!.process.kill()
  await world.rest()
  const left = [...NAMES, 'i'].filter((name) => name !== leaver!.nodeId && name !== victim!.nodeId)
  allKnow(t, world, left)
})

test('a judge takes the place of a controller that dies, and knows who has died with it', async (t) => {
  const world = await largeWorld()
  const { controller, others } = ranksIn(world)
  const dead = [controller, others[0]!]
  for (const { process } of dead) process.kill()
  await world.pass(LEASE_DEAD_MS + LEASE_RENEW_MS)
  for (const { nodeId } of dead) t.is(world.server.get(leaseKey(nodeId))?.value, undefined)
  const { table } = world.living()[0]!.membership
  t.false(table.rows.some(({ owner }) => owner === controller.nodeId))
  await world.rest()
})

test('where all judges die at once, the others look at the leases again', async (t) => {
  const world = await largeWorld()
  const { judges } = ranksIn(world)
  for (const { process } of judges) process.kill()
  await world.pass(2 * LEASE_DEAD_MS + ROLL_GRACE_MS + 1_000)
  await world.rest()
  allKnow(
    t,
    world,
    world.living().map(({ nodeId }) => nodeId),
  )
  const { judges: next, others } = ranksIn(world)
  t.true(next.length <= JUDGES + 1)
  for (const told of await toldPerSecond(world, others)) t.true(told < 10, 'it has become quiet')
})

test('a node that was cut off while it was declared dead comes back', async (t) => {
  const world = await largeWorld()
  const [victim] = ranksIn(world).others
  victim!.process.keyValue.cut()
  await world.pass(LEASE_DEAD_MS + ROLL_GRACE_MS + 2_000)
  t.is(world.server.get(leaseKey(victim!.nodeId))?.value, undefined)
  t.true(victim!.membership.isFenced())
  // Awake again, it begins another watch before the one before has told what it missed.
  victim!.process.freeze()
  await world.pass(1_500)
  await world.rest()
  t.is(victim!.deaths, 1)
  allKnow(t, world, NAMES)
})

test('under a controller of an older program, which keeps no roll, all watch the leases', async (t) => {
  const world = await largeWorld()
  const { controller } = ranksIn(world)
  controller.process.kill()
  const older = { nodeId: 'older', holder: 'older', renewal: 0 }
  for (let ms = 0; ms < 2 * ROLL_GRACE_MS; ms += LEASE_RENEW_MS) {
    world.server.write(CONTROLLER_KEY, JSON.stringify(older))
    await world.pass(LEASE_RENEW_MS)
  }
  for (const { process } of world.living()) {
    const before = process.keyValue.told
    world.server.write(CONTROLLER_KEY, JSON.stringify(older))
    await world.pass(LEASE_RENEW_MS)
    t.true(process.keyValue.told - before >= world.living().length - 1)
  }
  await world.rest()
})

test('what is no roll is put right, and stops nobody', async (t) => {
  const world = await largeWorld()
  for (const nonsense of ['', '{}', '{"by":"a","nodes":[{}]}', '{"format":9}', undefined]) {
    world.server.write(ROLL_KEY, nonsense)
    await world.pass(1_000)
    t.true(parseRoll(world.server.get(ROLL_KEY)!.value!).leases.size === NAMES.length)
  }
  const { controller } = ranksIn(world)
  world.server.write(ROLL_KEY, textOfRoll(controller.nodeId, new Map()))
  await world.pass(1_000)
  allKnow(t, world, NAMES)
  await world.rest()
})

test('where a watch of some keys is forbidden, all leases are watched as before', async (t) => {
  const world = new MembershipWorld({ judgesMax: JUDGES })
  for (const name of NAMES) world.start(name).process.keyValue.forbidsSomeKeys = true
  await world.rest()
  for (const told of await toldPerSecond(world, world.living())) t.true(told > NAMES.length)
  allKnow(t, world, NAMES)
})

test('a small cluster has no roll', async (t) => {
  const world = new MembershipWorld()
  for (const name of NAMES.slice(0, 5)) world.start(name)
  await world.rest()
  t.is(world.server.get(ROLL_KEY), undefined)
  world.start('sixth')
  await world.rest()
  t.is(parseRoll(world.server.get(ROLL_KEY)!.value!).leases.size, 6)
})

test('all agree on the judges, and few change with a node more', (t) => {
  const names = Array.from({ length: 100 }, (_, index) => `tinygrid-${index}` as NodeId)
  const judges = judgesAmong(names, 5)
  t.is(judges.size, 5)
  t.deepEqual(judgesAmong(names.toReversed(), 5), judges)
  const kept = [...judgesAmong([...names, 'another' as NodeId], 5)].filter((one) => judges.has(one))
  t.true(kept.length >= 4)
})

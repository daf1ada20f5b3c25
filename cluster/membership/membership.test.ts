import test from 'ava'
import type { NodeId, PartitionId } from '../../links/ids.ts'
import { LEASE_DEAD_MS, LEASE_FENCE_MS, leaseKey } from './lease.ts'
import { MembershipWorld, WORLD_PARTITIONS } from '../testing/membership-world.ts'
import { StartError } from '../../links/errors.ts'

/** A world at rest with these nodes; the first of them is the controller. */
async function worldOf(...names: string[]): Promise<MembershipWorld> {
  const world = new MembershipWorld()
  for (const name of names) {
    world.start(name)
    await world.pass(500)
  }
  await world.rest()
  return world
}

test('the first node makes the table, elects itself and is given every partition', async (t) => {
  const world = await worldOf('a')
  t.deepEqual(world.served(), { a: WORLD_PARTITIONS })
  t.is(world.nodes[0]!.membership.controller, 'a' as NodeId)
})

test('nodes that start together agree on one controller and share the partitions', async (t) => {
  const world = new MembershipWorld()
  for (const name of ['a', 'b', 'c', 'd']) world.start(name)
  await world.rest()
  t.deepEqual(world.served(), { a: 2, b: 2, c: 2, d: 2 })
})

test('a node joins and gets its share from those who have too much', async (t) => {
  const world = await worldOf('a', 'b')
  world.start('c')
  await world.rest()
  t.deepEqual(world.served(), { a: 3, b: 3, c: 2 })
  const moves = world.events.filter((event) => event.kind === 'moved' && event.to === 'c')
  t.is(moves.length, 2)
})

test('a node leaves after it has handed on everything', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  const leaving = world.nodes[1]!.stop()
  await world.rest()
  t.true(await leaving)
  t.deepEqual(world.served(), { a: 4, c: 4 })
  t.is(world.server.get(leaseKey('b' as NodeId))?.value, undefined)
  t.deepEqual(world.events.at(-1), { kind: 'left', nodeId: 'b' as NodeId })
})

test('a node is drained, stays without partitions whoever comes or dies, and is given some again', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  const { membership } = world.nodes[1]!
  membership.drain(true)
  await world.rest()
  t.deepEqual(world.served(), { a: 4, b: 0, c: 4 })
  world.start('d')
  await world.rest()
  t.deepEqual(world.served(), { a: 3, b: 0, c: 3, d: 2 })
  world.nodes[2]!.process.kill()
  await world.rest()
  t.deepEqual(world.served(), { a: 4, b: 0, d: 4 })
  membership.drain(false)
  await world.rest()
  t.deepEqual(world.served(), { a: 3, b: 2, d: 3 })
})

test('a drained node leaves as any other, and its death is told as one', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  for (const node of world.nodes.slice(1)) node.membership.drain(true)
  await world.rest()
  t.deepEqual(world.served(), { a: 8, b: 0, c: 0 })
  const leaving = world.nodes[1]!.stop()
  await world.rest()
  t.true(await leaving)
  t.deepEqual(world.events.at(-1), { kind: 'left', nodeId: 'b' as NodeId })
  world.nodes[2]!.process.kill()
  await world.rest()
  t.deepEqual(world.events.at(-1), { kind: 'died', nodeId: 'c' as NodeId })
})

test('a node that leaves and cannot reach the store gives up after 5 s', async (t) => {
  const world = await worldOf('a', 'b')
  const cutOff = world.nodes[1]!
  cutOff.process.keyValue.cut()
  const leaving = cutOff.membership.leave(60_000)
  await world.pass(4500)
  t.false(cutOff.membership.isCutOff)
  await world.pass(1000)
  t.true(cutOff.membership.isCutOff)
  t.false(await leaving)
})

test('the controller leaves, and another one takes its place', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  const leaving = world.nodes[0]!.stop()
  await world.rest()
  t.true(await leaving)
  t.deepEqual(world.served(), { b: 4, c: 4 })
})

test('the last node leaves at once, and the table keeps it', async (t) => {
  const world = await worldOf('a')
  const leaving = world.nodes[0]!.stop()
  await world.pass(1000)
  t.false(await leaving)
  t.regex(world.server.get('table')!.value!, /"nodes":\["a"\]/)
})

test('a cluster that was stopped starts again, and every epoch rises', async (t) => {
  const world = await worldOf('a')
  const leaving = world.nodes[0]!.stop()
  await world.pass(1000)
  await leaving
  world.start('a2')
  await world.rest()
  t.deepEqual(world.served(), { a2: WORLD_PARTITIONS })
  t.true(world.nodes[1]!.membership.table.rows.every(({ epoch }) => epoch === 2))
})

test('the partitions of a killed node are served again within 3 s', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  world.nodes[2]!.process.kill()
  await world.pass(2500)
  t.deepEqual(world.served(), { a: 4, b: 4 })
  await world.rest()
})

test('the killed node was the controller, and its partitions are served again within 3 s', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  world.nodes[0]!.process.kill()
  await world.pass(2500)
  t.deepEqual(world.served(), { b: 4, c: 4 })
  await world.rest()
})

test('a frozen node is fenced before it is declared dead, and drops everything', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  const frozen = world.nodes[1]!
  frozen.process.freeze()
  await world.pass(LEASE_FENCE_MS + 1)
  t.true(frozen.membership.isFenced())
  t.true(world.server.get(leaseKey(frozen.nodeId))?.value !== undefined)
  await world.pass(5000)
  t.is(world.server.get(leaseKey(frozen.nodeId))?.value, undefined)
  frozen.process.thaw()
  t.true(frozen.membership.isFenced())
  await world.rest()
  t.is(frozen.deaths, 1)
  t.is(Object.values(world.served()).length, 3)
})

test('a node that was declared dead knows the newest table when it is back', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  const frozen = world.nodes[1]!
  // It hears of what the others did only long after it has its new lease.
  frozen.process.keyValue.watchDelayMs = 3000
  frozen.process.freeze()
  await world.pass(5000)
  t.not(frozen.membership.table.ownedBy(frozen.nodeId).length, 0)
  frozen.process.thaw()
  await world.pass(50, true)
  t.false(frozen.membership.isFenced())
  t.deepEqual(frozen.membership.table.ownedBy(frozen.nodeId), [])
})

test('a controller that was frozen for longer than a lease declares nobody dead', async (t) => {
  const world = await worldOf('a', 'b')
  world.nodes[0]!.process.freeze()
  await world.pass(10_000)
  world.nodes[0]!.process.thaw()
  await world.rest()
  t.deepEqual(
    world.nodes.map(({ deaths }) => deaths),
    [1, 0],
  )
})

test('an outage of the store fences every node and kills none', async (t) => {
  const world = await worldOf('a', 'b', 'c')
  const { version } = world.nodes[0]!.membership.table
  for (const { process } of world.nodes) process.keyValue.cut()
  await world.pass(30_000)
  t.true(world.nodes.every(({ membership }) => membership.isFenced()))
  // The controller is back a little before the others.
  world.nodes[0]!.process.mend()
  await world.pass(1000)
  await world.rest()
  t.deepEqual(
    world.nodes.map(({ deaths }) => deaths),
    [0, 0, 0],
  )
  t.is(world.nodes[0]!.membership.table.version, version)
})

test('a renewal whose answer was lost is found to have landed, and the node lives', async (t) => {
  const world = await worldOf('a', 'b')
  for (let round = 0; round < 10; round++) {
    for (const { process } of world.nodes) process.keyValue.answersToLose = 1
    await world.pass(400)
    t.false(world.nodes.some(({ membership }) => membership.isFenced()))
  }
  t.deepEqual(
    world.nodes.map(({ deaths }) => deaths),
    [0, 0],
  )
})

test('a node cut off longer than a lease is declared dead and comes back without partitions', async (t) => {
  const world = await worldOf('a', 'b')
  const cut = world.nodes[1]!
  cut.process.keyValue.cut()
  await world.pass(LEASE_DEAD_MS + 500)
  t.deepEqual(world.nodes[0]!.membership.table.ownedBy(cut.nodeId), [])
  cut.process.keyValue.mend()
  await world.pass(300)
  t.is(cut.deaths, 1)
  await world.rest()
  t.deepEqual(world.served(), { a: 4, b: 4 })
})

test('a second process of the same name does not start', async (t) => {
  const world = await worldOf('a')
  const refused = t.throwsAsync(world.start('a').joining, { instanceOf: StartError })
  await world.pass(1000)
  t.regex((await refused)?.message ?? '', /TINYGRID_NODE_ID/)
})

test('a gateway alone is elected, makes the table, and owns nothing', async (t) => {
  const world = new MembershipWorld()
  const gateway = world.start('g', ['gateway'])
  await world.rest()
  t.is(gateway.membership.controller, gateway.nodeId)
  t.is(gateway.membership.table.ownershipOf(0 as PartitionId).owner, null)
})

/** What happens when somebody writes nonsense where the cluster keeps what it agrees on. */
import test from 'ava'
import type { NodeId } from '../../links/ids.ts'
import { LEASE_DEAD_MS } from './lease.ts'
import { CONTROLLER_KEY } from './members.ts'
import { TABLE_KEY } from '../table/newest-table.ts'
import { MembershipWorld, WORLD_PARTITIONS } from '../testing/membership-world.ts'

const NONSENSE = ['null', '', '{', '{"rows":[]}', '{"nodeId":"nobody/at/all"}']

async function worldOf(...names: string[]): Promise<MembershipWorld> {
  const world = new MembershipWorld()
  for (const name of names) {
    world.start(name)
    await world.pass(500)
  }
  await world.rest()
  return world
}

test('the controller’s key is taken over from nonsense, and the next death is seen', async (t) => {
  for (const value of NONSENSE) {
    const world = await worldOf('a', 'b', 'c')
    world.server.write(CONTROLLER_KEY, value)
    await world.pass(LEASE_DEAD_MS + 500)
    t.regex(world.server.get(CONTROLLER_KEY)!.value!, /"nodeId":"[abc]"/, value)
    world.nodes[1]!.process.kill()
    await world.rest()
    t.deepEqual(world.served(), { a: 4, c: 4 }, value)
  }
})

test('nonsense in the table changes nothing, and is replaced at once', async (t) => {
  for (const value of [...NONSENSE, undefined]) {
    const world = await worldOf('a', 'b')
    const { rows } = world.nodes[1]!.membership.table
    world.server.write(TABLE_KEY, value)
    await world.pass(200)
    t.deepEqual(world.nodes[1]!.membership.table.rows, rows, value)
    t.regex(world.server.get(TABLE_KEY)!.value ?? '', /"nodes":\["a","b"\]/, value)
    t.deepEqual(
      world.nodes.map(({ deaths }) => deaths),
      [0, 0],
    )
    world.nodes[0]!.process.kill()
    await world.rest()
    t.deepEqual(world.served(), { b: WORLD_PARTITIONS }, value)
  }
})

test('an older table that is put back is replaced by the newest', async (t) => {
  const world = await worldOf('a')
  const old = world.server.get(TABLE_KEY)!.value
  world.start('b')
  await world.rest()
  world.server.write(TABLE_KEY, old)
  await world.rest()
  t.deepEqual(world.served(), { a: 4, b: 4 })
})

test('nodes that start on nonsense begin with an empty table, and every epoch rises', async (t) => {
  const world = await worldOf('a')
  world.nodes[0]!.process.kill()
  world.server.write(TABLE_KEY, 'null')
  world.start('b')
  await world.rest()
  t.deepEqual(world.served(), { b: WORLD_PARTITIONS })
})

test('a node whose lease is overwritten drops everything and comes back', async (t) => {
  for (const value of NONSENSE) {
    const world = await worldOf('a', 'b')
    world.server.write('lease.b', value)
    await world.pass(500)
    t.is(world.nodes[1]!.deaths, 1, value)
    await world.rest()
    t.deepEqual(world.served(), { a: 4, b: 4 }, value)
  }
})

test('also a node that is alone comes back', async (t) => {
  const world = await worldOf('a')
  world.server.write('lease.a', 'null')
  await world.rest()
  t.deepEqual(world.served(), { a: WORLD_PARTITIONS })
})

test('a name whose lease nobody renews is free after a lease’s time, and taken if it is', async (t) => {
  const world = await worldOf('a')
  world.nodes[0]!.process.kill()
  const again = world.start('a')
  await world.rest()
  t.is(again.deaths, 0)
  t.deepEqual(world.served(), { a: WORLD_PARTITIONS })
  const refused = t.throwsAsync(world.start('a').joining, {
    message: 'The name a is taken by a living node; set another TINYGRID_NODE_ID',
  })
  await world.pass(1_000)
  await refused
  t.is(again.deaths, 0)
  t.is(again.membership.controller, 'a' as NodeId)
})

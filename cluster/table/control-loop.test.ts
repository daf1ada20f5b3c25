import test from 'ava'
import { JUDGES_MAX } from '../membership/roll.ts'
import { RollKeeper } from '../membership/roll-keeper.ts'
import { ControlLoop } from './control-loop.ts'
import { LeasedKey } from '../membership/leased-key.ts'
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import { LEASE_DEAD_MS, leaseKey } from '../membership/lease.ts'
import type { NodeLease } from '../membership/lease.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { CONTROLLER_KEY, Members } from '../membership/members.ts'
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { NewestTable, TABLE_KEY } from './newest-table.ts'
import { Table } from './table.ts'
import { isPacked, parseTable, textOfTable } from './table-text.ts'

const [A, C] = ['a', 'c'] as [NodeId, NodeId]

const leaseOf = (nodeId: NodeId, more: Partial<NodeLease> = {}): string => {
  const who = { nodeId, startedAt: 0 as EpochMs, roles: ['actors'], url: null } as const
  return JSON.stringify({
    ...who,
    state: 'active',
    opened: [],
    released: [],
    ...more,
  } satisfies NodeLease)
}

/** Of a table that is worth packing. */
const LARGE = 1024
const onChanged = () => {}

/** The controller C, which is told by the test what it has seen of the others. */
async function controller(partitions = 8) {
  const server = new MemoryKeyValueServer()
  const clock = new ManualClock()
  const members = new Members({ partitions })
  const tables = new NewestTable(partitions === 8 ? 1 : partitions)
  const keyValue = server.connect()
  const held = { keyValue, clock, nodeId: C, holder: 'c', onError: () => {} }
  const seat = new LeasedKey({
    ...held,
    key: CONTROLLER_KEY,
    content: () => ({}),
    onLost: () => {},
  })
  await seat.take()
  let judges = true
  const mayJudge = () => judges
  const roll = new RollKeeper({ ...held, clock, members, judgesMax: JUDGES_MAX })
  const seen = { members, tables, roll, seesLeases: () => true }
  const loop = new ControlLoop({ ...held, ...seen, seat, mayJudge, onChanged })
  const see = (key: string) => members.observe(server.get(key)!, clock.now())
  const pauseJudging = () => {
    judges = false
  }
  return { server, clock, tables, see, loop, pauseJudging }
}

const ownedByA = new Table([{ owner: A, epoch: 2 as Epoch, target: null }], 5)

test('an owner whose new lease was not seen yet keeps its partitions', async (t) => {
  const { server, clock, tables, loop, see } = await controller()
  server.write(leaseKey(C), leaseOf(C))
  see(leaseKey(C))
  server.write(leaseKey(A), leaseOf(A))
  tables.see(ownedByA, server.write(TABLE_KEY, textOfTable(ownedByA)))
  loop.wake()
  await clock.pass(0)
  t.is(tables.table, ownedByA)
  server.write(leaseKey(A), undefined)
  loop.wake()
  await clock.pass(0)
  t.deepEqual(tables.table.rows, [{ owner: null, epoch: 2 as Epoch, target: C }])
})

test('a controller that decides on an old table changes nothing', async (t) => {
  const { server, clock, tables, loop, see } = await controller()
  server.write(leaseKey(C), leaseOf(C))
  see(leaseKey(C))
  tables.see(ownedByA, server.write(TABLE_KEY, textOfTable(ownedByA)))
  const newer = server.write(TABLE_KEY, textOfTable(ownedByA))
  loop.wake()
  await clock.pass(0)
  t.is(server.get(TABLE_KEY)?.revision, newer)
})

test('a node that renewed its lease unseen is not declared dead', async (t) => {
  const { server, clock, loop, see } = await controller()
  server.write(leaseKey(A), leaseOf(A))
  see(leaseKey(A))
  server.write(leaseKey(A), leaseOf(A))
  await clock.pass(LEASE_DEAD_MS)
  loop.wake()
  await clock.pass(0)
  t.not(server.get(leaseKey(A))?.value, undefined)
})

test('who has not observed without a gap calls nobody dead', async (t) => {
  const { server, clock, loop, see, pauseJudging } = await controller()
  server.write(leaseKey(A), leaseOf(A))
  see(leaseKey(A))
  pauseJudging()
  await clock.pass(LEASE_DEAD_MS)
  loop.wake()
  await clock.pass(0)
  t.not(server.get(leaseKey(A))?.value, undefined)
})

test('an expired lease is deleted', async (t) => {
  const { server, clock, loop, see } = await controller()
  server.write(leaseKey(A), leaseOf(A))
  see(leaseKey(A))
  await clock.pass(LEASE_DEAD_MS)
  loop.wake()
  await clock.pass(0)
  t.is(server.get(leaseKey(A))?.value, undefined)
})

test('a long table is packed while all nodes read that, and unpacked for one that does not', async (t) => {
  const { server, clock, loop, see } = await controller(LARGE)
  const step = async (node: NodeId, more: Partial<NodeLease>) => {
    server.write(leaseKey(node), leaseOf(node, more))
    see(leaseKey(node))
    loop.wake()
    await clock.pass(200)
    const text = server.get(TABLE_KEY)!.value!
    return { isPacked: isPacked(text), table: parseTable(text, LARGE) }
  }
  t.true((await step(C, { reads: 2 })).isPacked)
  const before = await step(A, { reads: 2 })
  t.true(before.isPacked)
  const older = await step('older' as NodeId, { roles: ['gateway'] })
  t.false(older.isPacked)
  t.deepEqual(older.table.rows, before.table.rows)
  t.is(older.table.version, before.table.version + 1)
  server.write(leaseKey('older' as NodeId), undefined)
  see(leaseKey('older' as NodeId))
  t.true((await step(C, { reads: 2, state: 'leaving' })).isPacked)
})

test('what many nodes report one after the other goes into few changes of a long table', async (t) => {
  const { server, clock, loop, see, tables } = await controller(LARGE)
  const nodes = Array.from({ length: 100 }, (_, index) => `node-${index}` as NodeId)
  const tell = (node: NodeId, more: Partial<NodeLease>) => {
    server.write(leaseKey(node), leaseOf(node, { reads: 2, ...more }))
    see(leaseKey(node))
    loop.wake()
  }
  for (const node of nodes) tell(node, {})
  await clock.pass(200)
  const begun = tables.table.version
  const began = clock.now()
  for (const node of nodes) {
    const mine = [...tables.table.rows.keys()].filter(
      (row) => tables.table.rows[row]!.target === node,
    )
    tell(node, {
      opened: mine.map((row) => ({ partition: row as PartitionId, epoch: 1 as Epoch })),
    })
    await clock.pass(1)
  }
  await clock.pass(200)
  t.true(tables.table.rows.every(({ owner }) => owner !== null))
  const bytes = server.get(TABLE_KEY)!.value!.length * nodes.length
  const changes = tables.table.version - begun
  t.true(changes <= 2 + (100 * 20_000) / bytes, `${changes} changes in ${clock.now() - began} ms`)
})

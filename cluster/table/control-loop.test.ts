import test from 'ava'
import { JUDGES_MAX } from '../membership/roll.ts'
import { RollKeeper } from '../membership/roll-keeper.ts'
import { ControlLoop } from './control-loop.ts'
import { LeasedKey } from '../membership/leased-key.ts'
import type { Epoch, EpochMs, NodeId } from '../../links/ids.ts'
import { LEASE_DEAD_MS, leaseKey } from '../membership/lease.ts'
import type { NodeLease } from '../membership/lease.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { CONTROLLER_KEY, Members } from '../membership/members.ts'
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { NewestTable, TABLE_KEY } from './newest-table.ts'
import { Table } from './table.ts'
import { textOfTable } from './table-text.ts'

const [A, C] = ['a', 'c'] as [NodeId, NodeId]

const leaseOf = (nodeId: NodeId): string => {
  const who = { nodeId, startedAt: 0 as EpochMs, roles: ['actors'], url: null } as const
  return JSON.stringify({
    ...who,
    state: 'active',
    opened: [],
    released: [],
  } satisfies NodeLease)
}

const onChanged = () => {}

/** The controller C, which is told by the test what it has seen of the others. */
async function controller() {
  const server = new MemoryKeyValueServer()
  const clock = new ManualClock()
  const members = new Members({ partitions: 8 })
  const tables = new NewestTable(1)
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

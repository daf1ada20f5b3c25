import test from 'ava'
import type { Code, Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { NEAR_AGE_MAX_MS } from '../../cluster/peers/owner-protocol.ts'
import { Table } from '../../cluster/table/table.ts'
import { AskedCodes } from './asked-codes.ts'

const [A, B] = ['a', 'b'] as NodeId[] as [NodeId, NodeId]
const P = 0 as PartitionId
const CODE = 'abc' as Code
const tableOf = (owner: NodeId, epoch: number) => Table.ofOneNode(owner, 16, epoch as Epoch)

async function atRest() {
  const clock = new ManualClock()
  const asked = new AskedCodes(A, clock)
  asked.see(tableOf(A, 1))
  await clock.pass(10_000)
  return { clock, asked }
}

test('what was asked for may be near for as long as a near cache keeps it', async (t) => {
  const { clock, asked } = await atRest()
  t.false(asked.mayBeNear(P, CODE))
  asked.note(CODE, clock.now())
  await clock.pass(NEAR_AGE_MAX_MS)
  t.true(asked.mayBeNear(P, CODE))
  t.false(asked.mayBeNear(P, 'other' as Code))
  await clock.pass(2 * NEAR_AGE_MAX_MS)
  t.false(asked.mayBeNear(P, CODE))
})

test('of a partition that has just come every code may be near: its owner before was asked', async (t) => {
  const { clock, asked } = await atRest()
  asked.see(tableOf(B, 2))
  t.true(asked.mayBeNear(P, CODE), 'nothing is known of what is not here')
  asked.see(tableOf(A, 3))
  await clock.pass(NEAR_AGE_MAX_MS)
  asked.see(tableOf(A, 3))
  t.true(asked.mayBeNear(P, CODE))
  await clock.pass(2 * NEAR_AGE_MAX_MS)
  t.false(asked.mayBeNear(P, CODE), 'a table that says the same begins nothing anew')
})

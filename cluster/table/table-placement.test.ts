import test from 'ava'
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import { NewestTable } from './newest-table.ts'
import { Table } from './table.ts'
import { TablePlacement } from './table-placement.ts'

const [A, B, C] = ['a', 'b', 'c'] as [NodeId, NodeId, NodeId]
const P = 0 as PartitionId
const epoch = (number: number) => number as Epoch

/** A placement over one partition, owned by A in epoch 1, with B and C alive. */
function placed() {
  const tables = new NewestTable(1)
  const leases = new Map([A, B, C].map((node) => [node, {} as NodeLease]))
  const source = {
    leases,
    get table() {
      return tables.table
    },
    onTable: (listener: (table: Table) => void) => tables.onChange(listener),
  }
  const placement = new TablePlacement(source)
  const own = (owner: NodeId | null, number: number) => {
    const next = tables.revision + 1
    tables.see(new Table([{ owner, epoch: epoch(number), target: null }], next), next)
  }
  own(A, 1)
  const owner = () => placement.ownerOf(P).owner
  return { placement, own, owner, leases }
}

test('the owner is that of the newest table', (t) => {
  const { own, owner } = placed()
  t.is(owner(), A)
  own(null, 1)
  t.is(owner(), null)
})

test('a hint counts until the table has caught up with it', (t) => {
  const { placement, own, owner } = placed()
  placement.learn(P, B, epoch(3))
  t.deepEqual(placement.ownerOf(P), { owner: B, epoch: epoch(3) })
  own(A, 2)
  t.is(owner(), B)
  own(C, 3)
  t.is(owner(), C)
})

test('a hint that is older than what is known is passed over', (t) => {
  const { placement, owner } = placed()
  placement.learn(P, B, epoch(1))
  t.is(owner(), A)
  placement.learn(P, B, epoch(5))
  placement.learn(P, C, epoch(4))
  t.is(owner(), B)
})

test('a hint to a node that is gone does not count', (t) => {
  const { placement, owner, leases } = placed()
  placement.learn(P, B, epoch(2))
  leases.delete(B)
  t.is(owner(), A)
})

test('listeners hear of tables and of hints that count, until they stop', (t) => {
  const { placement, own } = placed()
  let changes = 0
  const stop = placement.onChange(() => changes++)
  placement.learn(P, B, epoch(2))
  placement.learn(P, C, epoch(2))
  own(A, 2)
  t.is(changes, 2)
  stop()
  own(A, 3)
  t.is(changes, 2)
})

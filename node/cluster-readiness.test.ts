import test from 'ava'
import { Table } from '../cluster/table/table.ts'
import type { Epoch, NodeId } from '../links/ids.ts'
import { ManualClock } from '../links/testing/manual-clock.ts'
import { ClusterReadiness, READY_WAIT_MS_MAX } from './cluster-readiness.ts'

/*
 * When load balancers are told to send requests to a node.
 */

const N1 = 'n1' as NodeId
const N2 = 'n2' as NodeId

function newNode() {
  const clock = new ManualClock()
  const cluster = { table: tableOf(null, null), leases: new Map<NodeId, unknown>([[N1, {}]]) }
  return { clock, cluster, readiness: new ClusterReadiness(cluster, clock) }
}

function tableOf(...owners: readonly (NodeId | null)[]): Table {
  return new Table(owners.map((owner) => ({ owner, epoch: 1 as Epoch, target: null })))
}

test('a node is ready when it knows the table and every partition has a living owner', (t) => {
  const { cluster, readiness } = newNode()
  cluster.table = tableOf(N1, N1)
  t.false(readiness.isReady, 'it has not joined')
  readiness.joined()
  cluster.table = tableOf(N1, null)
  t.false(readiness.isReady, 'one is not open')
  cluster.table = tableOf(N1, N2)
  t.false(readiness.isReady, 'the owner of one is dead')
  cluster.leases.set(N2, {})
  t.true(readiness.isReady)
})

test('a node stays ready when another one dies, or nothing is heard of the cluster', (t) => {
  const { cluster, readiness } = newNode()
  readiness.joined()
  cluster.table = tableOf(N1, N1)
  t.true(readiness.isReady)
  cluster.table = tableOf(N1, null)
  t.true(readiness.isReady)
  cluster.leases.clear()
  t.true(readiness.isReady)
})

test('a partition that cannot be opened does not keep a node from serving the others', async (t) => {
  const { clock, cluster, readiness } = newNode()
  readiness.joined()
  cluster.table = tableOf(N1, null)
  await clock.pass(READY_WAIT_MS_MAX)
  t.false(readiness.isReady)
  await clock.pass(1)
  t.true(readiness.isReady)
})

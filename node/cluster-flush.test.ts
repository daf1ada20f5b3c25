import test from 'ava'
import { MemoryNetwork } from '../cluster/testing/memory-peers.ts'
import type { NodeId } from '../links/ids.ts'
import { TinygridError } from '../links/errors.ts'
import { ManualClock } from '../links/testing/manual-clock.ts'
import { ClusterFlush } from './cluster-flush.ts'

const LIST_MS = 2_000

/** So many nodes, of which the first one is the controller. */
function clusterOf(count: number) {
  const clock = new ManualClock()
  const network = new MemoryNetwork({ clock })
  const names = Array.from({ length: count }, (_, index) => `node-${index}` as NodeId)
  const leases = new Map(names.map((name) => [name, undefined]))
  const membership = { leases, controller: names[0] }
  const calls = { count: 0 }
  network.rule = ({ kind }) => {
    calls.count += kind === 'call' ? 1 : 0
    return [1]
  }
  const flushed: string[] = []
  const nodes = names.map((name) => {
    const barrier = async () => void flushed.push(name)
    return new ClusterFlush({ peers: network.join(name), clock, membership, barrier })
  })
  return { clock, network, names, nodes, flushed, calls, membership }
}

for (const count of [1, 3, 8, 9, 30]) {
  test(`of ${count} nodes each is flushed once for a list, whoever is asked for it`, async (t) => {
    const { clock, names, nodes, flushed } = clusterOf(count)
    for (const node of [nodes[0]!, nodes.at(-1)!]) {
      flushed.length = 0
      const listed = node.wait(LIST_MS)
      await clock.pass(100)
      await listed
      t.deepEqual(flushed.toSorted(), names.toSorted())
    }
  })
}

test('however many lists all gateways serve, messages and flushes are bounded', async (t) => {
  const count = 100
  const { clock, nodes, flushed, calls } = clusterOf(count)
  const lists: Promise<void>[] = []
  for (let ms = 0; ms < 2_000; ms += 10) {
    for (const node of nodes) lists.push(node.wait(LIST_MS))
    await clock.pass(10)
  }
  await clock.pass(500)
  await Promise.all(lists)
  t.is(lists.length, 20_000)
  // Before: 99 calls for each list.
  t.true(calls.count / lists.length < 0.3, `${calls.count} calls`)
  t.true(flushed.length <= 12 * count, `each flushed ${flushed.length / count} times`)
})

test('a controller that is gone, or of an older program, is passed over', async (t) => {
  const { clock, network, names, nodes, flushed, membership } = clusterOf(12)
  network.leave(names[0]!)
  membership.leases.delete(names[0]!)
  const listed = nodes[5]!.wait(LIST_MS)
  await clock.pass(100)
  await listed
  t.is(flushed.length, 11)
  flushed.length = 0
  const older = network.join('older' as NodeId)
  older.handle('write-behind.flush', () => flushed.push('older'))
  membership.leases.set(older.nodeId, undefined)
  membership.controller = older.nodeId
  await clock.pass(1_000)
  const again = nodes[5]!.wait(LIST_MS)
  await clock.pass(100)
  await again
  t.deepEqual(flushed.toSorted(), [...names.slice(1), 'older'].toSorted())
})

test('a node that cannot flush in time fails it for all who wait, once all have answered', async (t) => {
  const { clock, nodes, network, membership, flushed } = clusterOf(12)
  const ill = network.join('ill' as NodeId)
  ill.handle('write-behind.flush', () => {
    throw new TinygridError('store_unavailable')
  })
  membership.leases.set(ill.nodeId, undefined)
  const failures = [nodes[0]!, nodes[5]!].map((node) =>
    t.throwsAsync(node.wait(LIST_MS), { code: 'store_unavailable' }),
  )
  await clock.pass(200)
  await Promise.all(failures)
  t.true(flushed.length >= 12)
})

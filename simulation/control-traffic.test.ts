import test from 'ava'
import { LEASE_RENEW_MS } from '../cluster/membership/lease.ts'
import { JUDGES_MAX } from '../cluster/membership/roll.ts'
import { CountedCluster, type Counted } from './control-traffic.ts'

/*
 * What ARCHITECTURE.md says of the traffic between nodes, held by counts over the real nodes. The
 * figures for 100 nodes are made by `npm run bench -- control-traffic`.
 */

const NODES = 20
const PARTITIONS = 256
const SECONDS = 2
/** In each second, with the one that falls on the edge of a stretch. */
const RENEWALS = 1_000 / LEASE_RENEW_MS + 1 / SECONDS

const NOTHING = { sent: 0, received: 0, bytes: 0 }

function perSecond({ kinds, seconds }: Counted, kind: string) {
  const { sent, received, bytes } = kinds.get(kind) ?? NOTHING
  return { sent: sent / seconds, received: received / seconds, bytes: bytes / seconds }
}

test('what nodes say to each other grows with their number, and not with its square', async (t) => {
  const cluster = await CountedCluster.start({ nodes: NODES, partitions: PARTITIONS })

  const idle = await cluster.pass(SECONDS)
  t.deepEqual([...idle.kinds.keys()].toSorted(), ['controller', 'lease'])
  const leases = perSecond(idle, 'lease')
  t.true(leases.sent <= NODES * RENEWALS, `${leases.sent} renewals`)
  // Each is acknowledged, and told to its own node, to the judges and to the controller.
  const watchers = 2 + JUDGES_MAX + 1
  t.true(leases.received <= watchers * NODES * RENEWALS, `${leases.received} told`)
  t.true(perSecond(idle, 'controller').received <= (NODES + 1) * RENEWALS)

  const busy = await cluster.pass(SECONDS, { creates: 300, changes: 300, finds: 300, lists: 50 })
  const changed = perSecond(busy, 'links.changed')
  t.true(changed.received <= NODES * 400, `${changed.received} told of changes`)
  const rounds = 1_000 / (2.5 * NODES)
  const flushes = perSecond(busy, 'write-behind.flush')
  t.true(flushes.sent <= 2 * NODES * (rounds + 1), `${flushes.sent} calls for a flush and answers`)
  t.true(perSecond(busy, 'lease').received <= watchers * NODES * RENEWALS)

  for (const change of [await cluster.join(), await cluster.leave(), await cluster.kill()]) {
    const { received: rolls } = change.kinds.get('roll') ?? NOTHING
    t.true(rolls <= 3 * (NODES + 2), `${rolls} times the roll`)
    // A change of the table for each partition that moves and two plans, at worst.
    const { sent: tables, received: told } = change.kinds.get('table') ?? NOTHING
    t.true(tables <= PARTITIONS / NODES + 3, `${tables} tables`)
    // Acknowledged, told to each node, and once more to one that begins to watch.
    t.true(told <= (tables + 1) * (NODES + 2), `${told} times the table`)
  }
})

import test from 'ava'
import type { NodeId } from '../../links/ids.ts'
import { LEASE_DEAD_MS, LEASE_RENEW_MS } from './lease.ts'
import { CONTROLLER_KEY, Members } from './members.ts'

const A = 'a' as NodeId
const B = 'b' as NodeId

const lease = (nodeId: NodeId, revision: number, said = {}) => {
  const silent = { state: 'active', opened: [], released: [] }
  const value = JSON.stringify({ nodeId, startedAt: 0, roles: [], url: null, ...silent, ...said })
  return { key: `lease.${nodeId}`, value, revision }
}
const deleted = (key: string, revision: number) => ({ key, value: undefined, revision })

test('a node that renews its lease stays, one that does not expires after LEASE_DEAD_MS', (t) => {
  const members = new Members()
  members.observe(lease(A, 1), 0)
  for (let now = 0; now <= LEASE_DEAD_MS; now += LEASE_RENEW_MS) {
    members.observe(lease(B, 2 + now), now)
  }
  t.deepEqual(members.expiredAt(LEASE_DEAD_MS - 1), [])
  t.deepEqual(members.expiredAt(LEASE_DEAD_MS), [{ nodeId: A, revision: 1 }])
})

test('an expired lease is a lease until it is deleted', (t) => {
  const members = new Members()
  members.observe(lease(A, 1), 0)
  t.true(members.leases.has(A))
  t.is(members.expiredAt(LEASE_DEAD_MS).length, 1)
  members.observe(deleted('lease.a', 2), LEASE_DEAD_MS)
  t.false(members.leases.has(A))
  t.deepEqual(members.expiredAt(2 * LEASE_DEAD_MS), [])
})

test('after a restart everybody has the whole time again', (t) => {
  const members = new Members()
  members.observe(lease(A, 1), 0)
  members.observe({ key: CONTROLLER_KEY, value: '{"nodeId":"a"}', revision: 2 }, 0)
  members.restart(10_000)
  t.deepEqual(members.expiredAt(10_000 + LEASE_DEAD_MS - 1), [])
  t.is(members.controllerExpiredAt(10_000 + LEASE_DEAD_MS - 1), undefined)
  t.is(members.expiredAt(10_000 + LEASE_DEAD_MS).length, 1)
})

test('the controller expires by the same rule, and has none once its key is deleted', (t) => {
  const members = new Members()
  t.is(members.controller, undefined)
  members.observe({ key: CONTROLLER_KEY, value: '{"nodeId":"a"}', revision: 5 }, 0)
  t.is(members.controller, A)
  t.deepEqual(members.controllerExpiredAt(LEASE_DEAD_MS), { nodeId: A, revision: 5 })
  members.observe(deleted(CONTROLLER_KEY, 6), 0)
  t.is(members.controller, undefined)
  t.is(members.controllerExpiredAt(LEASE_DEAD_MS), undefined)
})

test('a renewal is told from a change', (t) => {
  const members = new Members()
  t.true(members.observe(lease(A, 1), 0))
  t.false(members.observe(lease(A, 2), 300))
  t.true(members.observe(lease(A, 3, { state: 'leaving' }), 600))
  t.true(members.observe(lease(A, 4, { opened: [{ partition: 1, epoch: 1 }] }), 900))
  t.false(members.observe(deleted('table', 5), 900))
})

test('a lease that cannot be read is refused, and the one before stays', (t) => {
  const members = new Members()
  members.observe(lease(A, 1), 0)
  t.throws(() => members.observe({ key: 'lease.a', value: '{', revision: 2 }, 300))
  t.true(members.leases.has(A))
})

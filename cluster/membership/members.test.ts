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
  const members = new Members({ partitions: 8 })
  members.observe(lease(A, 1), 0)
  for (let now = 0; now <= LEASE_DEAD_MS; now += LEASE_RENEW_MS) {
    members.observe(lease(B, 2 + now), now)
  }
  t.deepEqual(members.expiredAt(LEASE_DEAD_MS - 1), [])
  t.deepEqual(members.expiredAt(LEASE_DEAD_MS), [{ nodeId: A, revision: 1 }])
})

test('an expired lease is a lease until it is deleted', (t) => {
  const members = new Members({ partitions: 8 })
  members.observe(lease(A, 1), 0)
  t.true(members.leases.has(A))
  t.is(members.expiredAt(LEASE_DEAD_MS).length, 1)
  members.observe(deleted('lease.a', 2), LEASE_DEAD_MS)
  t.false(members.leases.has(A))
  t.deepEqual(members.expiredAt(2 * LEASE_DEAD_MS), [])
})

test('after a restart everybody has the whole time again', (t) => {
  const members = new Members({ partitions: 8 })
  members.observe(lease(A, 1), 0)
  members.observe({ key: CONTROLLER_KEY, value: '{"nodeId":"a"}', revision: 2 }, 0)
  members.restart(10_000)
  t.deepEqual(members.expiredAt(10_000 + LEASE_DEAD_MS - 1), [])
  t.is(members.controllerExpiredAt(10_000 + LEASE_DEAD_MS - 1), undefined)
  t.is(members.expiredAt(10_000 + LEASE_DEAD_MS).length, 1)
})

test('the controller expires by the same rule, and has none once its key is deleted', (t) => {
  const members = new Members({ partitions: 8 })
  t.is(members.controller, undefined)
  members.observe({ key: CONTROLLER_KEY, value: '{"nodeId":"a"}', revision: 5 }, 0)
  t.is(members.controller, A)
  t.is(members.controllerExpiredAt(LEASE_DEAD_MS)?.revision, 5)
  members.observe(deleted(CONTROLLER_KEY, 6), 0)
  t.is(members.controller, undefined)
  t.is(members.controllerExpiredAt(LEASE_DEAD_MS), undefined)
})

test('a renewal is told from a change', (t) => {
  const members = new Members({ partitions: 8 })
  t.true(members.observe(lease(A, 1), 0))
  t.false(members.observe(lease(A, 2), 300))
  t.true(members.observe(lease(A, 3, { state: 'leaving' }), 600))
  t.true(members.observe(lease(A, 4, { opened: [{ partition: 1, epoch: 1 }] }), 900))
  t.false(members.observe(deleted('table', 5), 900))
})

const NO_LEASES: readonly string[] = [
  '',
  'null',
  '[]',
  '7',
  '{',
  '{}',
  lease(B, 0).value,
  lease(A, 0, { format: 2 }).value,
  lease(A, 0, { startedAt: 'now' }).value,
  lease(A, 0, { startedAt: 1e300 }).value,
  lease(A, 0, { roles: null }).value,
  lease(A, 0, { url: {} }).value,
  lease(A, 0, { state: 'dead' }).value,
  lease(A, 0, { opened: [null] }).value,
  lease(A, 0, { opened: [{ partition: 8, epoch: 1 }] }).value,
  lease(A, 0, { opened: [{ partition: 1, epoch: 2 ** 48 }] }).value,
  lease(A, 0, { opened: Array.from({ length: 9 }, () => ({ partition: 1, epoch: 1 })) }).value,
  lease(A, 0, { released: [{ partition: 1, epoch: 1 }] }).value,
  lease(A, 0, { released: [{ partition: 1, epoch: 1, to: 'a b' }] }).value,
]

test('a new process of the same name says something new', (t) => {
  const members = new Members({ partitions: 8 })
  members.observe(lease(A, 1), 0)
  t.false(members.observe(lease(A, 2), 1))
  for (const [index, said] of [
    { startedAt: 5 },
    { url: 'http://a' },
    { roles: ['actors'] },
  ].entries()) {
    t.true(members.observe(lease(A, 3 + index, said), 2), JSON.stringify(said))
  }
})

test('what another watch tells again is no renewal', (t) => {
  const members = new Members({ partitions: 8 })
  const controller = { key: CONTROLLER_KEY, value: '{"nodeId":"a"}', revision: 2 }
  for (const now of [0, LEASE_DEAD_MS - 1]) {
    members.observe(lease(A, 1), now)
    members.observe(controller, now)
  }
  t.is(members.expiredAt(LEASE_DEAD_MS).length, 1)
  t.is(members.controllerExpiredAt(LEASE_DEAD_MS)?.revision, 2)
})

test('what is no lease is no renewal: the one before stays, and its time runs out', (t) => {
  for (const value of NO_LEASES) {
    const refused: string[] = []
    const onRefused = (kind: string) => refused.push(kind)
    const members = new Members({ partitions: 8, onRefused })
    members.observe(lease(A, 1), 0)
    t.false(members.observe({ key: 'lease.a', value, revision: 2 }, 300), value)
    t.deepEqual(refused, ['lease'], value)
    t.deepEqual(members.leases.get(A)?.opened, [], value)
    t.deepEqual(members.expiredAt(LEASE_DEAD_MS), [{ nodeId: A, revision: 2 }], value)
  }
})

test('what lies where no lease was expires too, and the key of no node is nothing', (t) => {
  const members = new Members({ partitions: 8 })
  members.observe({ key: 'lease.a', value: 'null', revision: 1 }, 0)
  t.false(members.leases.has(A))
  t.deepEqual(members.expiredAt(LEASE_DEAD_MS), [{ nodeId: A, revision: 1 }])
  members.observe(lease('a/b' as NodeId, 2), 0)
  t.is(members.leases.size, 0)
})

test('nonsense in the controller’s key names nobody, and expires as a controller does', (t) => {
  for (const value of ['null', '', '{}', '{"nodeId":7}', '{"nodeId":"a b"}']) {
    const members = new Members({ partitions: 8 })
    members.observe({ key: CONTROLLER_KEY, value: '{"nodeId":"a"}', revision: 5 }, 0)
    members.observe({ key: CONTROLLER_KEY, value, revision: 6 }, 300)
    t.is(members.controller, undefined)
    t.false(members.isControllerVacant)
    t.is(members.controllerExpiredAt(LEASE_DEAD_MS - 1), undefined)
    t.is(members.controllerExpiredAt(LEASE_DEAD_MS)?.revision, 6)
  }
})

import test from 'ava'
import fc from 'fast-check'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { planOwners } from './plan.ts'
import type { Ownership } from './table.ts'

const anyNode = fc.constantFrom(...'abcdefghijklmnopqrst'.split('')).map((name) => name as NodeId)
const anyNodes = fc.uniqueArray(anyNode, { minLength: 1, maxLength: 20 })
const anyOwner = fc.option(anyNode)
const anyRow = fc.record({ owner: anyOwner, epoch: fc.constant(1 as Epoch), target: anyOwner })
const anyRows = fc.integer({ min: 4, max: 8 }).chain((bits) => {
  return fc.array(anyRow, { minLength: 2 ** bits, maxLength: 2 ** bits })
})

const at = (owner: NodeId | null): Ownership => ({ owner, epoch: 1 as Epoch, target: null })
const moving = ({ owner, epoch }: Ownership, target: NodeId | null): Ownership => {
  return { owner, epoch, target }
}
const atRest = (rows: readonly Ownership[]) => rows.map(({ owner }) => at(owner))
const countOf = (plan: readonly (NodeId | null)[], node: NodeId) => {
  return plan.filter((owner) => owner === node).length
}
/** The table after a plan has been carried out from nothing. */
const settled = (partitions: number, nodes: readonly NodeId[]) => {
  const nothing = Array.from({ length: partitions }, () => at(null))
  return planOwners(nothing, nodes).map(at)
}

test('every partition is given, and no node has two more than another', (t) => {
  const property = fc.property(anyRows, anyNodes, (rows, nodes) => {
    const plan = planOwners(rows, nodes)
    const counts = nodes.map((node) => countOf(plan, node))
    t.true(Math.max(...counts) - Math.min(...counts) <= 1)
    t.is(
      counts.reduce((sum, count) => sum + count, 0),
      rows.length,
    )
  })
  fc.assert(property)
})

test('from a table at rest nothing moves that could stay', (t) => {
  const property = fc.property(anyRows, anyNodes, (some, nodes) => {
    const rows = atRest(some)
    const plan = planOwners(rows, nodes)
    const kept = rows.filter(({ owner }, row) => owner === plan[row]).length
    const floor = Math.floor(rows.length / nodes.length)
    const owned = nodes.map((node) => rows.filter(({ owner }) => owner === node).length)
    // Each node keeps at most the floor, and as many as have an odd one keep one more.
    const richer = owned.filter((count) => count > floor).length
    const most = owned.reduce((sum, count) => sum + Math.min(count, floor), 0)
    t.is(kept, most + Math.min(richer, rows.length % nodes.length))
  })
  fc.assert(property)
})

test('a plan stays the same while it is carried out, and afterwards', (t) => {
  const anyProgress = fc.array(fc.boolean(), { minLength: 256, maxLength: 256 })
  const property = fc.property(anyRows, anyNodes, anyProgress, (rows, nodes, done) => {
    const plan = planOwners(rows, nodes)
    const underWay = rows.map((row, index) => {
      return done[index] ? at(plan[index]!) : moving(row, plan[index]!)
    })
    t.deepEqual(planOwners(underWay, nodes), plan)
    t.deepEqual(planOwners(plan.map(at), nodes.toReversed()), plan)
  })
  fc.assert(property)
})

test('a node that joins is the only one that partitions move to', (t) => {
  const property = fc.property(anyNodes, ([joiner, ...nodes]) => {
    fc.pre(nodes.length > 0)
    const rows = settled(64, nodes)
    const plan = planOwners(rows, [joiner!, ...nodes])
    for (const [row, owner] of plan.entries()) {
      t.true(owner === joiner || owner === rows[row]!.owner)
    }
  })
  fc.assert(property)
})

test('a node that leaves is the only one that partitions move from', (t) => {
  const property = fc.property(anyNodes, ([leaver, ...nodes]) => {
    fc.pre(nodes.length > 0)
    const rows = settled(64, [leaver!, ...nodes])
    const plan = planOwners(rows, nodes)
    for (const [row, { owner }] of rows.entries()) {
      t.true(owner === leaver || owner === plan[row])
    }
  })
  fc.assert(property)
})

test('moves under way go on while another node joins, as far as there is room', (t) => {
  const [a, b, c] = ['a', 'b', 'c'] as NodeId[]
  const rows = settled(64, [a!])
  const joining = planOwners(rows, [a!, b!]).map((target, row) => moving(rows[row]!, target))
  const plan = planOwners(joining, [a!, b!, c!])
  t.deepEqual(
    [a!, b!, c!].map((node) => countOf(plan, node)),
    [22, 21, 21],
  )
  for (const [row, owner] of plan.entries()) if (owner === b) t.is(joining[row]!.target, b)
})

test('a move whose target has left is not made', (t) => {
  const [a, b, c] = ['a', 'b', 'c'] as NodeId[]
  const rows = settled(64, [a!, b!])
  const joining = planOwners(rows, [a!, b!, c!]).map((target, row) => moving(rows[row]!, target))
  t.deepEqual(
    planOwners(joining, [a!, b!]),
    rows.map(({ owner }) => owner),
  )
})

test('a move that does not fit is given up before what rests is moved, and goes back first', (t) => {
  const [a, b, c] = ['a', 'b', 'c'] as [NodeId, NodeId, NodeId]
  const owners = [a, a, a, a, b, b, b, b, null, null, null, null]
  const rows = owners.map((owner, row) => moving(at(owner), row === 2 || row === 3 ? b : null))
  t.deepEqual(planOwners(rows, [a, b, c]), [a, a, a, a, b, b, b, b, c, c, c, c])
})

test('any sequence of joins, leaves and deaths ends balanced, with each partition given', (t) => {
  const anyChanges = fc.array(anyNodes, { minLength: 1, maxLength: 12 })
  const property = fc.property(anyChanges, fc.boolean(), (changes, carriedOut) => {
    let rows = Array.from({ length: 64 }, () => at(null))
    for (const nodes of changes) {
      const plan = planOwners(rows, nodes)
      const counts = nodes.map((node) => countOf(plan, node))
      t.true(Math.max(...counts) - Math.min(...counts) <= 1)
      rows = rows.map((row, index) => {
        const owner = row.owner !== null && nodes.includes(row.owner) ? row.owner : null
        return carriedOut ? at(plan[index]!) : moving(at(owner), plan[index]!)
      })
    }
  })
  fc.assert(property)
})

test('with nobody who may own, nothing is planned', (t) => {
  t.deepEqual(planOwners([at('a' as NodeId), at(null)], []), [null, null])
})

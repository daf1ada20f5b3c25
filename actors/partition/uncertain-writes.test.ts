/** After a take-over, what may be a repetition waits for the older operations; nothing else does. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { WriteRequest } from '../../links/link-owner.ts'
import { ActorWorld, type Ticket } from '../testing/actor-world.ts'
import { createRequest } from '../testing/test-requests.ts'

const code = 'abc' as Code
const create: WriteRequest = { ...createRequest(code, { reuse: false }), operationId: 'create' }
const purge: WriteRequest = { kind: 'purge', code, operationId: 'purge' }
const update: WriteRequest = {
  kind: 'update',
  code,
  changes: { title: 'new' },
  operationId: 'update',
}

/** An owner carries these out, the store gets them, and another owner takes over. */
function takenOver(...requests: readonly WriteRequest[]): { world: ActorWorld; first: Ticket[] } {
  const world = new ActorWorld()
  const first = requests.map((request) => {
    const ticket = world.submit(request)
    world.settle()
    return ticket
  })
  world.flush()
  world.takeOver(false, true)
  return { world, first }
}

/** Everything but the older operations is told. */
function settleAllBut(world: ActorWorld): void {
  const index = () => world.waiting.findIndex(({ effect }) => effect.kind !== 'read_operations')
  for (world.begin(); index() >= 0; world.begin()) world.succeed(index())
}

test('a repeated write gets its first answer once the older operations are known', (t) => {
  const { world, first } = takenOver(create, update)
  const again = [world.submit(create), world.submit(update)]
  settleAllBut(world)
  t.deepEqual(
    again.map(({ outcome }) => outcome),
    [undefined, undefined],
  )
  world.settle()
  t.deepEqual(
    again.map(({ outcome }) => outcome),
    first.map(({ outcome }) => outcome),
  )
  t.is(world.timesLogged('create') + world.timesLogged('update'), 2)
  t.is(world.actor.depth, 0)
})

test('a write to a code that was never given waits for nothing', (t) => {
  const { world } = takenOver(create)
  const other = 'other' as Code
  const created = world.submit({ ...create, code: other, operationId: 'other' })
  const updated = world.submit({ ...update, code: 'none' as Code })
  settleAllBut(world)
  t.like(created.outcome, { kind: 'created' })
  t.like(updated.outcome, { kind: 'absent' })
})

test('a write that nobody repeats waits for nothing', (t) => {
  const { world } = takenOver(create)
  const visit = world.submit({ kind: 'delete', code })
  settleAllBut(world)
  t.like(visit.outcome, { kind: 'done' })
})

test('a code that was purged was given: its creation may be a repetition', (t) => {
  const { world, first } = takenOver(create, purge)
  const again = world.submit(create)
  settleAllBut(world)
  t.is(again.outcome, undefined)
  world.settle()
  t.deepEqual(again.outcome, first[0]!.outcome)
  t.is(world.truth(code), undefined)
})

test('what comes after a write in doubt waits behind it', (t) => {
  const { world } = takenOver(create)
  const inDoubt = world.submit(update)
  const behind = world.submit({ kind: 'delete', code })
  settleAllBut(world)
  t.is(behind.outcome, undefined)
  world.settle()
  t.like(inDoubt.outcome, { kind: 'done', link: { title: 'new', lifecycle: 'live' } })
  t.like(behind.outcome, { kind: 'done', link: { lifecycle: 'deleted' } })
})

test('who gives the partition up refuses those in doubt', (t) => {
  const { world } = takenOver(create)
  const inDoubt = world.submit(update)
  settleAllBut(world)
  world.takeOver(false)
  t.true(inDoubt.outcome instanceof TinygridError)
})

/** A write that is asked for again changes nothing a second time, and gets its first answer. */
import test, { type ExecutionContext } from 'ava'
import type { Code, Epoch } from '../../links/ids.ts'
import type { WriteRequest } from '../../links/link-owner.ts'
import { ActorWorld, type Ticket } from '../testing/actor-world.ts'
import { createRequest } from '../testing/test-requests.ts'

const code = 'abc' as Code
const create: WriteRequest = { ...createRequest(code, { reuse: false }), operationId: 'create' }
const visit = (operationId: string): WriteRequest => ({ kind: 'visit', code, operationId })

function completeWorld(): ActorWorld {
  const world = new ActorWorld()
  world.memory.startLoad()
  world.memory.endLoad()
  return world
}

function assertAlike(t: ExecutionContext, again: Ticket, first: Ticket): void {
  t.not(first.outcome, undefined)
  t.deepEqual(again.outcome, first.outcome)
}

test('asked twice within one batch', (t) => {
  const world = completeWorld()
  const [first, again] = [world.submit(create), world.submit(create)]
  world.begin()
  t.is(again.outcome, undefined, 'not before the log has it')
  world.settle()
  t.like(first.outcome, { kind: 'created' })
  assertAlike(t, again, first)
  t.is(world.history(code).length, 1)
  t.is(world.actor.depth, 0)
})

test('asked again while the first one is in the log on its way', (t) => {
  const world = completeWorld()
  const first = world.submit(create)
  world.begin()
  const again = world.submit(create)
  world.begin()
  world.settle()
  assertAlike(t, again, first)
  t.is(world.history(code).length, 1)
})

test('asked again later, when the link is another one', (t) => {
  const world = completeWorld()
  const first = world.submit(create)
  world.settle()
  world.submit({ kind: 'purge', code })
  world.settle()
  const again = world.submit(create)
  world.settle()
  assertAlike(t, again, first)
  t.is(world.truth(code), undefined)
  t.is(world.actor.depth, 0)
})

test('each visit is counted once, however often it is asked for', (t) => {
  const world = completeWorld()
  world.submit(createRequest(code, { maxVisits: 2, reuse: false }))
  const visits = ['one', 'one', 'two', 'one', 'two'].map((id) => world.submit(visit(id)))
  const late = world.submit(visit('three'))
  world.settle()
  for (const { outcome } of visits) t.like(outcome, { kind: 'redirect' })
  t.like(late.outcome, { kind: 'gone', reason: 'used_up' })
  t.is(world.truth(code)?.visits, 2)
})

test('two changes of one link in a batch are answered with what both of them left', (t) => {
  const world = completeWorld()
  world.submit(create)
  const changes = (title: string, operationId: string): WriteRequest => {
    return { kind: 'update', code, changes: { title }, operationId }
  }
  world.submit(changes('first', 'first'))
  world.submit(changes('second', 'second'))
  world.settle()
  const again = world.submit(changes('first', 'first'))
  world.settle()
  t.like(again.outcome, { kind: 'done', link: { title: 'second' } })
  t.is(world.history(code).length, 1)
})

test('an answer that changed nothing is not remembered: it may be another one next time', (t) => {
  const world = completeWorld()
  const absent = world.submit(visit('one'))
  world.settle()
  t.like(absent.outcome, { kind: 'absent' })
  world.submit(createRequest(code, { maxVisits: 2, reuse: false }))
  world.settle()
  const again = world.submit(visit('one'))
  world.settle()
  t.like(again.outcome, { kind: 'redirect' })
})

test('what the log refused was not carried out, and is when it is asked for again', (t) => {
  const world = completeWorld()
  world.submit(create)
  world.begin()
  world.fail('log_unavailable')
  const again = world.submit(create)
  world.settle()
  t.like(again.outcome, { kind: 'created' })
  t.is(world.history(code).length, 1)
})

test('while nothing may be logged, what was done before is answered all the same', (t) => {
  const world = completeWorld()
  const first = world.submit(create)
  world.settle()
  const again = world.submit(create)
  world.begin(false)
  assertAlike(t, again, first)
})

test('a sealed partition lets writes wait, and decides them when it is unsealed', (t) => {
  const world = completeWorld()
  world.actor.seal()
  const waiting = world.submit(create)
  world.begin()
  t.false(world.actor.canBegin)
  t.is(waiting.outcome, undefined)
  world.actor.unseal(2 as Epoch, world.last())
  world.settle()
  t.like(waiting.outcome, { kind: 'created' })
  t.is(world.actor.epoch, 2 as Epoch)
})

test('the batch in flight ends although the partition is sealed', (t) => {
  const world = completeWorld()
  const first = world.submit(create)
  world.begin()
  world.actor.seal()
  t.false(world.actor.isQuiet)
  const second = world.submit(visit('one'))
  world.settle()
  t.true(world.actor.isQuiet)
  t.like(first.outcome, { kind: 'created' })
  t.is(second.outcome, undefined)
})

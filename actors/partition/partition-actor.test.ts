import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, NodeId } from '../../links/ids.ts'
import type { CreateRequest } from '../../links/link-owner.ts'
import { encodeLogRecord } from '../../persistence/log/log-record.ts'
import { ActorWorld, NOW, type Ticket } from '../testing/actor-world.ts'
import { createRequest } from '../testing/test-requests.ts'

const code = 'abc' as Code

const create = (fields: Partial<CreateRequest> = {}) => createRequest(code, fields)

function completeWorld(limits = {}): ActorWorld {
  const world = new ActorWorld(limits)
  world.memory.startLoad()
  world.memory.endLoad()
  return world
}

const kindOf = ({ outcome }: Ticket) =>
  outcome instanceof TinygridError ? outcome.code : outcome?.kind

test('a create is answered and seen only after the log has it', (t) => {
  const world = completeWorld()
  const ticket = world.submit(create())
  world.begin()
  t.is(ticket.outcome, undefined)
  t.is(world.actor.memory.lookup(code, NOW).kind, 'absent')
  world.succeed()
  t.is(kindOf(ticket), 'created')
  t.deepEqual(world.actor.memory.lookup(code, NOW), {
    kind: 'redirect',
    url: 'https://example.org/',
  })
})

test('what comes while a batch is in flight makes the next batch, in order', (t) => {
  const world = completeWorld()
  const first = world.submit(create())
  world.begin()
  const second = world.submit(create({ url: 'https://other.example/' }))
  world.begin()
  t.is(world.waiting.length, 1)
  world.succeed()
  world.begin()
  t.deepEqual([kindOf(first), kindOf(second)], ['created', 'taken'])
  t.is(world.log.length, 1)
})

test('within one batch a later request sees the earlier one, and waits for it', (t) => {
  const world = completeWorld()
  const tickets = [
    world.submit(create()),
    world.submit(create()),
    world.submit(create({ url: 'https://other.example/' })),
    world.submit({ kind: 'delete', code }),
  ]
  world.begin()
  t.deepEqual(tickets.map(kindOf), [undefined, undefined, undefined, undefined])
  world.succeed()
  t.deepEqual(tickets.map(kindOf), ['created', 'reused', 'taken', 'done'])
  t.is(world.truth(code)?.lifecycle, 'deleted')
})

test('a batch that the log refuses changes nothing and is told to its callers', (t) => {
  const world = completeWorld()
  const ticket = world.submit(create())
  world.begin()
  world.fail('log_unavailable')
  t.is(kindOf(ticket), 'log_unavailable')
  t.is(world.actor.memory.lookup(code, NOW).kind, 'absent')
  t.is(world.actor.depth, 0)
})

for (const isAppended of [true, false]) {
  test(`a lost acknowledgement is resolved by the log (appended: ${isAppended})`, (t) => {
    const world = completeWorld()
    const ticket = world.submit(create())
    world.begin()
    world.fail('log_uncertain', 0, isAppended)
    t.is(ticket.outcome, undefined)
    world.settle()
    t.is(kindOf(ticket), 'created')
    t.is(world.history(code).length, 1)
  })
}

test('an owner that was replaced refuses what waits and whatever comes', (t) => {
  const world = completeWorld()
  const inFlight = world.submit(create())
  world.begin()
  const waiting = world.submit(create())
  const nodeId = 'other' as NodeId
  world.replace(encodeLogRecord({ kind: 'epoch', epoch: 2 as Epoch, nodeId }))
  world.fail('log_uncertain')
  world.settle()
  const late = world.submit(create())
  t.deepEqual([inFlight, waiting, late].map(kindOf), Array(3).fill('log_replaced'))
  t.is(world.truth(code), undefined)
})

test('a code that memory does not know is asked of the store once, and all wait for it', (t) => {
  const world = new ActorWorld()
  const tickets = [world.submit(create()), world.submit(create())]
  world.begin()
  const reader = world.read(code)
  t.deepEqual(
    world.waiting.map(({ effect }) => effect.kind),
    ['read_store'],
  )
  world.settle()
  t.deepEqual(tickets.map(kindOf), ['created', 'reused'])
  t.deepEqual(reader.outcome, { kind: 'read', link: undefined })
})

test('a link that only the store has is found there and not given away', (t) => {
  const world = new ActorWorld()
  world.submit(create())
  world.settle()
  world.flush()
  world.memory.evict(1_000_000)
  t.is(world.actor.memory.lookup(code, NOW).kind, 'unknown')
  const ticket = world.submit(create({ url: 'https://other.example/' }))
  world.settle()
  t.is(kindOf(ticket), 'taken')
  t.is(world.actor.memory.lookup(code, NOW).kind, 'redirect')
})

test('a store read that a write has overtaken is not believed', (t) => {
  const world = new ActorWorld()
  const first = world.submit(create())
  world.begin()
  world.succeed()
  world.begin()
  // The create is in flight; this read sees a store without the link and ends last.
  const reader = world.read(code)
  world.succeed(0)
  world.flush()
  world.memory.evict(1_000_000)
  const second = world.submit(create({ url: 'https://other.example/' }))
  world.settle()
  t.deepEqual([kindOf(first), kindOf(second)], ['created', 'taken'])
  t.like(reader.outcome, { link: { url: 'https://example.org/' } })
})

test('a failing store is told to those who need it and to nobody else', (t) => {
  const world = new ActorWorld()
  const ticket = world.submit(create())
  world.begin()
  world.fail('store_unavailable')
  t.is(kindOf(ticket), 'store_unavailable')
  t.is(world.actor.depth, 0)
})

test('a full mailbox refuses one more write and takes the next after an answer', (t) => {
  const world = completeWorld({ mailboxDepthMax: 2 })
  const tickets = [1, 2, 3].map(() => world.submit(create()))
  t.deepEqual(tickets.map(kindOf), [undefined, undefined, 'mailbox_full'])
  world.settle()
  t.is(kindOf(world.submit(create())), undefined)
})

test('while nothing may be logged, changes are refused and everything else is answered', (t) => {
  const world = completeWorld()
  world.submit(create())
  world.settle()
  const same = world.submit(create())
  const other = world.submit(create({ code: 'other' as Code }))
  world.begin(false)
  t.deepEqual([same, other].map(kindOf), ['reused', 'log_full'])
})

test('a batch takes no more than its limit and leaves the rest for the next', (t) => {
  const world = completeWorld({ batchRecordsMax: 2 })
  const tickets = ['a', 'b', 'c'].map((name) => world.submit(create({ code: name as Code })))
  world.settle()
  t.deepEqual(tickets.map(kindOf), ['created', 'created', 'created'])
  t.is(world.log.length, 2)
})

test('a purged code can be given again, and the load does not bring the old link back', (t) => {
  const world = new ActorWorld()
  world.submit(create())
  world.settle()
  world.flush()
  world.memory.startLoad()
  const snapshot = world.store.get(code)!
  world.submit({ kind: 'purge', code })
  world.settle()
  world.flush()
  world.memory.load(snapshot)
  world.memory.endLoad()
  t.is(world.actor.memory.lookup(code, NOW).kind, 'absent')
  const again = world.submit(create({ url: 'https://other.example/' }))
  world.settle()
  t.is(kindOf(again), 'created')
})

test('a write waits for the read of its code even if the load has brought the link meanwhile', (t) => {
  const world = new ActorWorld()
  world.submit(create())
  world.settle()
  world.flush()
  world.memory.evict(1_000_000)
  world.read(code)
  world.memory.startLoad()
  world.memory.load(world.store.get(code)!)
  const changed = world.submit({ kind: 'update', code, changes: { title: 'new' } })
  world.begin()
  t.is(world.waiting.length, 1)
  world.settle()
  t.is(kindOf(changed), 'done')
  t.is(world.truth(code)?.title, 'new')
})

test('writes that waited for the store come before those that arrived later', (t) => {
  const world = new ActorWorld()
  const first = world.submit(create())
  world.begin()
  const other = world.submit(create({ code: 'other' as Code }))
  world.begin()
  const second = world.submit(create({ url: 'https://other.example/' }))
  world.succeed()
  world.settle()
  t.deepEqual([first, other, second].map(kindOf), ['created', 'created', 'taken'])
})

test('a link that memory puts out again at once is read for a write only once', (t) => {
  const world = completeWorld()
  world.submit(create())
  world.begin()
  world.succeed()
  world.flush()
  const evict = () => {
    while (world.memory.hasClean) world.memory.evict(1_000)
  }
  evict()
  const update = world.submit({ kind: 'update', code, changes: { title: 'Title' } })
  world.begin()
  world.succeed()
  evict()
  world.begin()
  t.deepEqual(
    world.waiting.map(({ effect }) => effect.kind),
    ['append'],
  )
  world.succeed()
  t.is(kindOf(update), 'done')
})

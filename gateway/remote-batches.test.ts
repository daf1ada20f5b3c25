/** Which requests travel together, and when. */
import test from 'ava'
import { TinygridError } from '../cluster/errors.ts'
import type { Epoch, NodeId } from '../cluster/ids.ts'
import { ManualClock } from '../cluster/manual-clock.ts'
import { CALL_REQUESTS_MAX, encodeRequests } from '../cluster/owner-protocol.ts'
import { type Asker, GATHER_MAX_MS, RemoteBatches } from './remote-batches.ts'

const [A, B] = ['a', 'b'] as NodeId[] as [NodeId, NodeId]

interface Call {
  readonly node: NodeId
  readonly requests: readonly string[]
  /** Each request is answered by itself. */
  answer(): void
  fail(): void
}

function newWorld(callsInFlightMax?: number) {
  const clock = new ManualClock()
  const calls: Call[] = []
  const answers: string[] = []
  const call = (node: NodeId, _name: string, params: unknown) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const { requests } = params as { requests: string[] }
    const fail = () => reject(new TinygridError('owner_unavailable'))
    calls.push({ node, requests, answer: () => resolve({ answers: requests }), fail })
    return promise
  }
  const batches = new RemoteBatches<string, string>({
    peers: { call } as never,
    name: 'say',
    timeoutMs: 1_000,
    encode: encodeRequests,
    parse: (value) => value as string,
    clock,
    defer: queueMicrotask,
    ...(callsInFlightMax !== undefined && { callsInFlightMax }),
  })
  const asker: Asker<string> = {
    resolve: (answer) => answers.push(answer),
    reject: (error) => answers.push((error as TinygridError).code),
  }
  const ask = (what: string, node = A) => batches.ask(node, { what, epoch: 1 as Epoch }, asker)
  /** What was sent, each call as one word per request. */
  const sent = () => calls.map(({ requests }) => requests.join(' '))
  return { clock, calls, answers, ask, sent, turn: () => clock.pass(0) }
}

test('what comes up in one turn for one node is one call', async (t) => {
  const { calls, answers, ask, turn } = newWorld()
  for (const what of ['one', 'two']) ask(what)
  ask('three', B)
  await turn()
  t.deepEqual(
    calls.map(({ node, requests }) => [node, ...requests]),
    [
      [A, 'one', 'two'],
      [B, 'three'],
    ],
  )
  for (const call of calls) call.answer()
  await turn()
  t.deepEqual(answers, ['one', 'two', 'three'])
})

test('without a bound each turn has its call', async (t) => {
  const { ask, sent, turn } = newWorld()
  for (const what of ['one', 'two', 'three']) {
    ask(what)
    await turn()
  }
  t.deepEqual(sent(), ['one', 'two', 'three'])
})

for (const end of ['answer', 'fail'] as const) {
  test(`while enough calls are under way more is gathered, until one ends (${end})`, async (t) => {
    const { calls, ask, sent, turn } = newWorld(2)
    for (const what of ['one', 'two', 'three', 'four']) {
      ask(what)
      await turn()
    }
    t.deepEqual(sent(), ['one', 'two'])
    calls[1]![end]()
    await turn()
    t.deepEqual(sent(), ['one', 'two', 'three four'])
  })
}

test('another node is asked meanwhile', async (t) => {
  const { ask, sent, turn } = newWorld(1)
  ask('one')
  await turn()
  ask('two')
  ask('three', B)
  await turn()
  t.deepEqual(sent(), ['one', 'three'])
})

test('a full call does not wait', async (t) => {
  const { calls, ask, turn } = newWorld(1)
  ask('first')
  await turn()
  for (let i = 0; i < 2 * CALL_REQUESTS_MAX + 1; i++) ask(`request${i}`)
  await turn()
  t.deepEqual(
    calls.map(({ requests }) => requests.length),
    [1, CALL_REQUESTS_MAX, CALL_REQUESTS_MAX],
  )
  for (const call of calls) call.answer()
  await turn()
  t.deepEqual(calls[3]!.requests, [`request${2 * CALL_REQUESTS_MAX}`])
})

test('a node that is stuck holds up nobody for long, again and again', async (t) => {
  const { clock, ask, sent } = newWorld(1)
  ask('stuck')
  await clock.pass(GATHER_MAX_MS)
  for (const what of ['one', 'two']) {
    ask(what)
    await clock.pass(GATHER_MAX_MS - 1)
    ask(`late-${what}`)
    await clock.pass(1)
  }
  t.deepEqual(sent(), ['stuck', 'one late-one', 'two late-two'])
})

test('one more than may wait is refused, until others have their answer', async (t) => {
  const { calls, answers, ask, turn } = newWorld()
  for (let i = 0; i < 10_000; i++) ask('request')
  ask('late')
  t.deepEqual(answers, ['owner_unavailable'])
  await turn()
  calls[0]!.answer()
  await turn()
  ask('again')
  t.is(answers.length, 1 + CALL_REQUESTS_MAX)
})

/** Which requests travel together, and when. */
import test from 'ava'
import { TinygridError } from '../links/errors.ts'
import type { Epoch, NodeId } from '../links/ids.ts'
import { ManualClock } from '../links/testing/manual-clock.ts'
import { encodeRequests } from '../cluster/peers/owner-protocol.ts'
import { type Asker, RemoteBatches } from './remote-batches.ts'

const [A, B] = ['a', 'b'] as NodeId[] as [NodeId, NodeId]

const LIMITS = { requestsMax: 64, bytesMax: 1_000 }

interface Call {
  readonly node: NodeId
  readonly requests: readonly string[]
  /** Each request is answered by itself, but for those that are left out. */
  answer(unsent?: readonly number[]): void
  fail(): void
}

function newWorld() {
  const clock = new ManualClock()
  const calls: Call[] = []
  const answers: string[] = []
  const call = (node: NodeId, _name: string, params: unknown) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const { requests } = params as { requests: string[] }
    const fail = () => reject(new TinygridError('owner_unavailable'))
    calls.push({
      node,
      requests,
      answer: (unsent = []) => resolve({ answers: requests, unsent }),
      fail,
    })
    return promise
  }
  const batches = new RemoteBatches<string, string>({
    peers: { call } as never,
    name: 'say',
    timeoutMs: 1_000,
    encode: (requests) => encodeRequests(requests, (what) => what),
    limits: LIMITS,
    bytesOf: (what) => what.length,
    parse: (value) => value as string,
    defer: queueMicrotask,
  })
  const asker: Asker<string> = {
    resolve: (answer) => answers.push(answer),
    reject: (error) => answers.push((error as TinygridError).code),
  }
  const ask = (what: string, node = A) => batches.ask(node, { what, epoch: 1 as Epoch }, asker)
  /** What was sent, each call as one word per request. */
  const sent = () => calls.map(({ requests }) => requests.join(' '))
  return { calls, answers, ask, sent, turn: () => clock.pass(0) }
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

test('each turn has its call, whatever is under way', async (t) => {
  const { ask, sent, turn } = newWorld()
  for (const what of ['one', 'two', 'three']) {
    ask(what)
    await turn()
  }
  t.deepEqual(sent(), ['one', 'two', 'three'])
})

test('a call takes no more requests and bytes than it may, and at least one', async (t) => {
  const { ask, calls, turn } = newWorld()
  for (const length of [500, 500, 1, 2_000, 3]) ask('x'.repeat(length))
  for (let i = 0; i < 64; i++) ask('y')
  await turn()
  t.deepEqual(
    calls.map(({ requests }) => [requests.length, requests.join('').length]),
    [
      [2, 1_000],
      [1, 1],
      [1, 2_000],
      [64, 66],
      [1, 1],
    ],
  )
})

test('a call that fails is an error for each of its requests, and for no other', async (t) => {
  const { calls, answers, ask, turn } = newWorld()
  for (const what of ['one', 'two']) ask(what)
  ask('three', B)
  await turn()
  calls[0]!.fail()
  calls[1]!.answer()
  await turn()
  t.deepEqual(answers.toSorted(), ['owner_unavailable', 'owner_unavailable', 'three'])
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
  t.is(answers.length, 1 + LIMITS.requestsMax)
})

test('what did not fit into an answer is asked again, once for each answer', async (t) => {
  const { ask, answers, calls, sent, turn } = newWorld()
  for (const what of ['one', 'two', 'three', 'four']) ask(what)
  await turn()
  calls[0]!.answer([1, 2])
  await turn()
  t.deepEqual(answers, ['one', 'four'])
  calls[1]!.answer([1])
  await turn()
  calls[2]!.fail()
  await turn()
  t.deepEqual(sent(), ['one two three four', 'two three', 'three'])
  t.deepEqual(answers, ['one', 'four', 'two', 'owner_unavailable'])
})

/** Whoever is asked to drain a node passes it on to that node, or says why not. */
import test from 'ava'
import { TinygridError, type ErrorCode } from '../../links/errors.ts'
import type { EpochMs, NodeId } from '../../links/ids.ts'
import type { PeerHandler, Peers } from '../peers/peers.ts'
import { Malformed } from '../stored-value.ts'
import { Draining } from './draining.ts'
import type { NodeLease } from './lease.ts'

const [A, B] = ['a', 'b'] as [NodeId, NodeId]
const lease = (nodeId: NodeId, said: Partial<NodeLease> = {}): NodeLease => {
  const who = { nodeId, startedAt: 0 as EpochMs, roles: ['actors'], url: null } as const
  return { ...who, state: 'active', opened: [], released: [], ...said }
}

/** What node a does, whose calls end as it is said. */
function nodeOf(leases: readonly NodeLease[], answer: () => Promise<unknown> = async () => ({})) {
  const done: unknown[] = []
  let handler: PeerHandler | undefined
  const peers = {
    nodeId: A,
    handle: (_: string, handle: PeerHandler) => (handler = handle),
    call: (node: NodeId, name: string, params: unknown) => {
      done.push([node, name, params])
      return answer()
    },
  } as unknown as Peers
  const membership = {
    leases: new Map(leases.map((one) => [one.nodeId, one])),
    drain: (isWanted: boolean) => void done.push(isWanted),
  }
  const draining = new Draining({ membership, peers, stop: () => void done.push('stop') })
  return { draining, done, hear: (params: unknown) => handler!(params, B) }
}

const code = (is: ErrorCode) => ({ instanceOf: TinygridError, code: is })

test('a wish is carried out here, or passed on to the node that is meant', async (t) => {
  const { draining, done } = nodeOf([lease(A), lease(B)])
  await draining.ask(A, 'drain')
  await draining.ask(A, 'undo')
  await draining.ask(A, 'stop')
  await draining.ask(A, 'stop')
  await draining.ask(B, 'drain')
  t.deepEqual(done, [true, false, 'stop', [B, 'node.drain', { wish: 'drain' }]])
})

test('another node’s wish is carried out, nonsense is not', (t) => {
  const { hear, done } = nodeOf([lease(A), lease(B)])
  hear({ wish: 'drain' })
  for (const params of [null, {}, { wish: 'explode' }, 'drain']) {
    t.throws(() => hear(params), { instanceOf: Malformed })
  }
  t.deepEqual(done, [true])
})

test('what cannot be is refused: no such node, nobody to take over, no answer', async (t) => {
  const { draining, done } = nodeOf([lease(A), lease(B, { state: 'leaving', isDrained: true })])
  await t.throwsAsync(draining.ask('c' as NodeId, 'drain'), code('node_not_found'))
  await t.throwsAsync(draining.ask(A, 'drain'), code('no_heirs'))
  await t.throwsAsync(draining.ask(A, 'stop'), code('no_heirs'))
  t.deepEqual(done, [])
  await draining.ask(B, 'undo')
  const silent = nodeOf([lease(A), lease(B)], () => Promise.reject(new Error('late')))
  await t.throwsAsync(silent.draining.ask(B, 'drain'), code('node_unavailable'))
  const gateway = nodeOf([lease(A, { roles: ['gateway'] })])
  await gateway.draining.ask(A, 'stop')
  t.deepEqual(gateway.done, ['stop'], 'who owns nothing needs no heirs')
})

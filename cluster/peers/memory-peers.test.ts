/** The memory network keeps the contract of peers, and has the faults that are asked for. */
import test from 'ava'
import type { NodeId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { MemoryNetwork } from '../testing/memory-peers.ts'
import { testPeersContract } from './peers.contract.ts'

const A = 'a' as NodeId
const B = 'b' as NodeId
const unavailable = { code: 'owner_unavailable' }

testPeersContract('memory peers', async () => {
  const network = new MemoryNetwork()
  return [network.join(A), network.join(B), network.join('c' as NodeId)]
})

function twoNodes() {
  const clock = new ManualClock()
  const network = new MemoryNetwork({ clock })
  const [a, b] = [network.join(A), network.join(B)]
  return { clock, network, a, b }
}

test('a lost call or answer is given up after its time, not before', async (t) => {
  for (const lost of ['call', 'answer']) {
    const { clock, network, a, b } = twoNodes()
    let calls = 0
    b.handle('count', () => ++calls)
    network.rule = ({ kind }) => (kind === lost ? [] : [0])
    let isGivenUp = false
    const call = t.throwsAsync(a.call(B, 'count', null, 1_000), unavailable).then(() => {
      isGivenUp = true
    })
    await clock.pass(999)
    t.false(isGivenUp)
    await clock.pass(1)
    await call
    t.is(calls, lost === 'call' ? 0 : 1)
  }
})

test('a doubled call is handled twice and answered once; messages overtake each other', async (t) => {
  const { clock, network, a, b } = twoNodes()
  const handled: unknown[] = []
  b.handle('note', (params) => handled.push(params))
  network.rule = ({ kind }) => (kind === 'call' ? [30, 10] : [5])
  const first = a.call(B, 'note', 1, 1_000)
  network.rule = () => [1]
  const second = a.call(B, 'note', 2, 1_000)
  await clock.pass(100)
  t.deepEqual([await first, await second], [2, 1])
  t.deepEqual(handled, [2, 1, 1])
})

test('a node that is cut off hears and reaches nobody until it is healed', async (t) => {
  const { clock, network, a, b } = twoNodes()
  b.handle('echo', (params) => params)
  const heard: unknown[] = []
  b.listen('news', (params) => heard.push(params))
  network.cut(B)
  t.deepEqual([a.isConnected, b.isConnected], [true, false])
  const call = t.throwsAsync(a.call(B, 'echo', 1, 1_000), unavailable)
  await t.throwsAsync(b.call(A, 'echo', 1, 1_000), unavailable)
  a.broadcast('news', 1)
  await clock.pass(1_000)
  await call
  network.heal(B)
  a.broadcast('news', 2)
  t.is(await a.call(B, 'echo', 2, 1_000), 2)
  t.deepEqual(heard, [2])
})

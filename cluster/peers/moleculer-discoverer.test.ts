import test from 'ava'
import { CalmDiscoverer, heartbeatSeconds } from './moleculer-discoverer.ts'

/** As Moleculer uses it, among so many nodes, for so many seconds. */
async function lifeAmong(nodes: number, { olderUntil = 0, seconds = 60 } = {}) {
  let second = 0
  const discoverer = new CalmDiscoverer(() => second < olderUntil)
  let beats = 0
  const list = Array.from({ length: nodes }, () => ({ available: true, local: true }))
  Object.assign(discoverer, {
    registry: { nodes: { toArray: () => list } },
    localNode: { updateLocalInfo: async () => {} },
    broker: {},
    sendHeartbeat: async () => void beats++,
  })
  for (; second < seconds; second++) {
    await discoverer.beat()
    discoverer.checkRemoteNodes()
  }
  return { beats, forgottenAfter: discoverer.opts.heartbeatTimeout }
}

test('up to 20 nodes beat once a second, and are forgotten after three', async (t) => {
  for (const nodes of [1, 3, 20]) {
    t.deepEqual(await lifeAmong(nodes), { beats: 60, forgottenAfter: 3 })
  }
})

test('however many there are, a node hears 20 heartbeats a second', async (t) => {
  for (const nodes of [30, 100, 200]) {
    const { beats, forgottenAfter } = await lifeAmong(nodes)
    t.true((nodes * beats) / 60 <= 20, `${nodes} nodes`)
    t.is(forgottenAfter, 3 * heartbeatSeconds(nodes, false))
  }
})

test('while a node of an older program is there, all goes by the second', async (t) => {
  t.deepEqual(await lifeAmong(100, { olderUntil: 60 }), { beats: 60, forgottenAfter: 3 })
})

test('when it has gone, they go on for a while, since the others may not know yet', async (t) => {
  const { beats, forgottenAfter } = await lifeAmong(100, { olderUntil: 30 })
  t.true(beats >= 30 + 9 && beats <= 30 + 9 + 6, `${beats}`)
  t.is(forgottenAfter, 15)
})

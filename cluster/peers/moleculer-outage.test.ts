/** What nodes do while the NATS server between them is dead or frozen, and after it. */
import { setTimeout } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { NatsService } from '../../test/services/nats-service.ts'
import { serialTestWith } from '../../test/services/service-test.ts'
import { until } from '../membership/key-value.contract.ts'
import type { MoleculerPeers } from './moleculer-peers.ts'
import { join, meet } from '../testing/peers-world.ts'
import type { Peers } from './peers.ts'

/** One at a time: the time-outs are those of real nodes. */
const natsTest = serialTestWith('nats')
const unavailable = { code: 'owner_unavailable' }
/** What a person would call by itself, on a machine that may stall for seconds. */
const BACK_MS = 20_000
const CALL_MS = 300
/** What a loaded machine may add. */
const SLACK_MS = 1_500
/** So often calls are timed: a machine that stalls makes some of them late. */
const TIMED_MAX = 5
const TOLD_AGAIN_MS = 500

natsTest('nodes call and tell each other again after the server was restarted', async (t) => {
  const { nats, a, b } = await start(t)
  for (let i = 0; i < 3; i++) {
    await nats.kill()
    await rejectsInTime(t, a, b)
    await nats.restart()
    await meetsInTime(t, a, b)
    await tells(t, a, b)
    await tells(t, b, a)
  }
})

natsTest('nodes find each other after an outage in which they were forgotten', async (t) => {
  const { nats, a, b, forgotten } = await start(t)
  await nats.kill()
  await until(t, () => ['a', 'b'].every((node) => forgotten.has(node)))
  await nats.restart()
  await meetsInTime(t, a, b)
  await tells(t, a, b)
  await tells(t, b, a)
})

natsTest(
  'a server that freezes fails calls in time, and is used again when it thaws',
  async (t) => {
    const { nats, a, b } = await start(t)
    nats.freeze()
    // Its threads stop a moment later.
    while (await isAnswered(a, b)) await setTimeout(5)
    await rejectsInTime(t, a, b)
    await until(t, () => !a.isConnected && !b.isConnected)
    await rejectsInTime(t, a, b)
    nats.thaw()
    await meetsInTime(t, a, b)
    await tells(t, a, b)
  },
)

natsTest('a node closes in bounded time while the server is dead', async (t) => {
  const { nats, a, b } = await start(t)
  await nats.kill()
  const begun = performance.now()
  await Promise.all([a.close(), b.close()])
  t.true(performance.now() - begun < BACK_MS)
})

async function start(t: ExecutionContext) {
  const nats = await NatsService.start()
  t.teardown(() => nats.close())
  const forgotten = new Set<string>()
  const onError = (what: string) => {
    const node = /Node '(\w)\.[\w-]+' disconnected unexpectedly/.exec(what)?.[1]
    if (node !== undefined) forgotten.add(node)
  }
  const [a, b] = await Promise.all([
    join(t, nats, 'a', { onError }),
    join(t, nats, 'b', { onError }),
  ])
  await meet(a, b)
  return { nats, a, b, forgotten }
}

async function rejectsInTime(t: ExecutionContext, a: Peers, b: Peers): Promise<void> {
  for (let timed = 1; timed <= TIMED_MAX; timed++) {
    const begun = performance.now()
    const calls = [[a, b] as const, [b, a] as const].map(([from, to]) => {
      return t.throwsAsync(from.call(to.nodeId, 'hello', null, CALL_MS), unavailable)
    })
    await Promise.all(calls)
    if (performance.now() - begun < CALL_MS + SLACK_MS) return
  }
  t.fail(`${TIMED_MAX} calls took longer than ${CALL_MS + SLACK_MS} ms`)
}

async function isAnswered(a: Peers, b: Peers): Promise<boolean> {
  return a.call(b.nodeId, 'hello', null, CALL_MS).then(Boolean, () => false)
}

async function meetsInTime(t: ExecutionContext, a: Peers, b: Peers): Promise<void> {
  const begun = performance.now()
  await meet(a, b)
  const took = performance.now() - begun
  t.log(`back after ${took.toFixed(0)} ms`)
  t.true(took < BACK_MS)
}

let names = 0

/** Resolves when `to` has heard a broadcast of `from`, which nobody answers: it is repeated. */
async function tells(t: ExecutionContext, from: MoleculerPeers, to: MoleculerPeers): Promise<void> {
  const name = `news-${++names}`
  let isHeard = false
  to.listen(name, () => (isHeard = true))
  const telling = setInterval(() => from.broadcast(name, null), TOLD_AGAIN_MS)
  from.broadcast(name, null)
  try {
    await until(t, () => isHeard)
  } finally {
    clearInterval(telling)
  }
}

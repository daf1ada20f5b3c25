/** What nodes do when a stranger with access to NATS speaks as if it were one of them. */
import { setTimeout } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { connect, type NatsConnection } from 'nats'
import { NatsService } from '../../test/services/nats-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { until } from '../membership/key-value.contract.ts'
import { RefusedInput } from '../refused-input.ts'
import { join, meet } from '../testing/peers-world.ts'

const natsTest = testWith('nats')
const POLL_MS = 20
const COMMANDS = ['REQ', 'RES', 'EVENT', 'INFO', 'DISCOVER', 'DISCONNECT', 'HEARTBEAT', 'PING']

natsTest('a packet that pretends to be of a living node ends nobody', async (t) => {
  const { stranger, refused, a, b, namesOf } = await start(t)
  for (const name of await namesOf()) {
    const forged = { ver: '5', sender: name, instanceID: 'stranger', services: [], config: {} }
    stranger.publish('MOL-tinygrid.INFO', JSON.stringify(forged))
    stranger.publish(`MOL-tinygrid.INFO.${name}`, JSON.stringify(forged))
  }
  await until(t, () => refused.counts.message >= 4)
  await meet(a, b)
  t.true(a.isConnected && b.isConnected)
})

natsTest('nonsense under every subject is refused and counted', async (t) => {
  const { stranger, refused, a, b, namesOf } = await start(t)
  const odd = { ver: '5', sender: 'x\r\nPUB evil 0\r\n', id: '1', action: 'tinygrid.call' }
  const nonsense = ['', 'null', '7', '[]', '{', '{}', JSON.stringify(odd), '\u0000'.repeat(1_000)]
  const names = await namesOf()
  for (const text of nonsense) {
    for (const command of COMMANDS) {
      for (const place of ['', ...names.map((name) => `.${name}`)]) {
        stranger.publish(`MOL-tinygrid.${command}${place}`, text)
      }
    }
  }
  await until(t, () => refused.counts.message >= nonsense.length * names.length)
  await meet(a, b)
  t.true(a.isConnected && b.isConnected)
})

natsTest('calls and broadcasts without a name are refused, and answered', async (t) => {
  const { stranger, refused, a, b, namesOf } = await start(t)
  const sender = 'stranger.1-1'
  const answers: unknown[] = []
  stranger.subscribe(`MOL-tinygrid.RES.${sender}`, {
    callback: (_error, message) => answers.push(message.json()),
  })
  const from = { ver: '5', sender, meta: {}, level: 1 }
  for (const params of [null, 7, {}, { name: 7 }, { name: {} }]) {
    const call = { ...from, id: 'x', action: 'tinygrid.call', params }
    for (const name of await namesOf()) {
      stranger.publish(`MOL-tinygrid.REQ.${name}`, JSON.stringify(call))
      const told = { ...from, id: 'y', event: 'tinygrid.told', data: params, broadcast: true }
      stranger.publish(`MOL-tinygrid.EVENT.${name}`, JSON.stringify(told))
    }
  }
  await until(t, () => answers.length === 10 && refused.counts.message >= 20)
  t.true(JSON.stringify(answers[0]).includes('bad_request'))
  await meet(a, b)
})

natsTest('of two processes of one name the newer is called, and each lives', async (t) => {
  const { nats, a, b } = await start(t)
  const again = await join(t, nats, 'b')
  await meet(again)
  await until(t, () => a.isConnected)
  again.handle('which', () => 'the newer')
  b.handle('which', () => 'the older')
  const which = () => a.call(b.nodeId, 'which', null, 500).catch(() => undefined)
  while ((await which()) !== 'the newer') await setTimeout(POLL_MS)
  await again.close()
  while ((await which()) !== 'the older') await setTimeout(POLL_MS)
  t.true(b.isConnected)
})

async function start(t: ExecutionContext) {
  const nats = await NatsService.start()
  t.teardown(() => nats.close())
  const stranger = await connect({ servers: `127.0.0.1:${nats.port}` })
  t.teardown(() => stranger.close())
  const names = new Set<string>()
  listen(stranger, names)
  const refused = new RefusedInput()
  const [a, b] = [await join(t, nats, 'a', { refused }), await join(t, nats, 'b', { refused })]
  await meet(a, b)
  /** As anybody who listens learns them. */
  const namesOf = async () => {
    await until(t, () => names.size === 2)
    return [...names]
  }
  return { nats, stranger, refused, a, b, namesOf }
}

function listen(stranger: NatsConnection, names: Set<string>): void {
  stranger.subscribe('MOL-tinygrid.HEARTBEAT', {
    callback: (_error, message) => {
      const match = /"sender":"([\w.-]+)"/.exec(message.string())
      if (match !== null) names.add(match[1]!)
    },
  })
}

/** The NATS adapter keeps the contract of a key-value store, on a real server. */
import { setTimeout } from 'node:timers/promises'
import test from 'ava'
import { NatsService } from '../../test/services/nats-service.ts'
import { findProgram } from '../../test/services/service-program.ts'
import { testKeyValueContract, until, watch } from '../membership/key-value.contract.ts'
import { connectPatiently } from '../testing/patient-connection.ts'
import { NatsKeyValue } from './nats-key-value.ts'

const isHere = findProgram('nats') !== undefined
const natsTest = isHere ? test.serial : test.skip
/** Nothing here is about time, and the disk may be busy. */
const callTimeoutMs = 20_000

let nats: NatsService
let namespaces = 0

if (isHere) {
  test.before(async () => {
    nats = await NatsService.start()
  })
  test.after.always(() => nats.close())
}

testKeyValueContract(
  'nats key-value',
  async (t) => {
    const namespace = `tinygrid-${++namespaces}`
    const open = async () => {
      const connection = await connectPatiently({ url: nats.url, name: 'key-value test' })
      t.teardown(() => connection.close())
      return NatsKeyValue.open({ connection, namespace, replicas: 1, callTimeoutMs })
    }
    // Both find no bucket, and make it.
    const [one, two] = await Promise.all([open(), open()])
    return { one, two }
  },
  natsTest,
)

natsTest('marks of deletions that are old are removed, and nothing else', async (t) => {
  const namespace = `tinygrid-${++namespaces}`
  const connection = await connectPatiently({ url: nats.url, name: 'key-value test' })
  t.teardown(() => connection.close())
  const open = (marksKeptMs: number) => {
    return NatsKeyValue.open({ connection, namespace, replicas: 1, marksKeptMs, callTimeoutMs })
  }
  const [lasting, fleeting] = [await open(60_000), await open(0)]
  for (const key of ['a', 'b']) await lasting.delete(key, await lasting.create(key, '1'))
  await lasting.create('b', '2')
  const manager = await connection.jetstreamManager()
  const messages = async () => (await manager.streams.info(`KV_${namespace}`)).state.messages
  for (const keyValue of [lasting, fleeting]) {
    const watched = await watch(keyValue)
    await until(t, () => watched.currentAt.length > 0)
    watched.stop()
    if (keyValue === lasting) t.is(await messages(), 2)
  }
  while ((await messages()) > 1) await setTimeout(5)
  t.is((await lasting.get('b'))?.value, '2')
  await lasting.create('a', '2')
  await Promise.all([lasting.close(), fleeting.close()])
})

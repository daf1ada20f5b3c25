/** The NATS adapter keeps the contract of a key-value store, on a real server. */
import test from 'ava'
import { NatsService } from '../test/services/nats-service.ts'
import { testWith } from '../test/services/service-test.ts'
import { findProgram } from '../test/services/service-program.ts'
import { testKeyValueContract } from './key-value.contract.ts'
import { connectNats } from './nats-connection.ts'
import { NatsKeyValue } from './nats-key-value.ts'

let nats: NatsService
let namespaces = 0

if (findProgram('nats') !== undefined) {
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
      const connection = await connectNats({ url: nats.url, name: 'key-value test' })
      t.teardown(() => connection.close())
      return NatsKeyValue.open({ connection, namespace, replicas: 1 })
    }
    // Both find no bucket, and make it.
    const [one, two] = await Promise.all([open(), open()])
    return { one, two }
  },
  testWith('nats'),
)

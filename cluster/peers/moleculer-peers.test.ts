/** The Moleculer adapter keeps the contract of peers over a real server, and what only it can show. */
import { NatsService } from '../../test/services/nats-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { findProgram } from '../../test/services/service-program.ts'
import { testPeersContract } from './peers.contract.ts'
import { join, meet } from '../testing/peers-world.ts'
import { ServiceBroker, type Context } from 'moleculer'
import { connectPatiently } from '../testing/patient-connection.ts'
import { processName } from './moleculer-names.ts'
import type { NodeId } from '../../links/ids.ts'
import { StartError } from '../../links/errors.ts'

import test, { type ExecutionContext } from 'ava'

const natsTest = testWith('nats')
const TIMEOUT_MS = 2_000

let nats: NatsService
let namespaces = 0
const newNamespace = () => `tinygrid-${++namespaces}`

if (findProgram('nats') !== undefined) {
  test.before(async () => {
    nats = await NatsService.start()
  })
  test.after.always(() => nats.close())
}

testPeersContract(
  'Moleculer peers',
  async (t) => {
    const namespace = newNamespace()
    const peers = await Promise.all([
      join(t, nats, 'a', { namespace }),
      join(t, nats, 'b', { namespace }),
      join(t, nats, 'c', { namespace }),
    ])
    await meet(...peers)
    return peers
  },
  natsTest,
)

natsTest('two namespaces do not hear each other', async (t) => {
  const [first, second] = [newNamespace(), newNamespace()]
  const [a, b, other] = await Promise.all([
    join(t, nats, 'a', { namespace: first }),
    join(t, nats, 'b', { namespace: first }),
    join(t, nats, 'c', { namespace: second }),
  ])
  await meet(a, b)
  const heard: unknown[] = []
  other.listen('news', () => heard.push('c'))
  const isHeard = new Promise((resolve) => {
    b.listen('news', resolve)
  })
  a.broadcast('news', 1)
  await isHeard
  await t.throwsAsync(a.call(other.nodeId, 'hello', null, TIMEOUT_MS), {
    code: 'owner_unavailable',
  })
  await meet(other)
  t.deepEqual(heard, [])
})

natsTest('a message that is too large for the server fails for good, either way', async (t) => {
  const [a, b] = await startTwo(t)
  const large = 'x'.repeat(2 ** 20)
  b.handle('swallow', () => null)
  b.handle('produce', () => large)
  for (const [name, params] of [
    ['swallow', large],
    ['produce', null],
  ] as const) {
    const call = a.call(b.nodeId, name, params, TIMEOUT_MS)
    await t.throwsAsync(call, { code: 'internal', message: /too large/ })
  }
  await meet(a, b)
})

natsTest('a node that died is given up in time, and at once when it is forgotten', async (t) => {
  const [a, b] = await startTwo(t)
  await b.connection.close()
  const elapsed = async (timeoutMs: number) => {
    const begun = performance.now()
    const call = a.call(b.nodeId, 'hello', null, timeoutMs)
    await t.throwsAsync(call, { code: 'owner_unavailable' })
    return performance.now() - begun
  }
  t.true((await elapsed(200)) < 10_000)
  t.true((await elapsed(60_000)) < 50_000, 'it is forgotten while the call is under way')
  t.true((await elapsed(60_000)) < 10_000)
  t.false(b.isConnected)
})

natsTest('a start fails where the server keeps messages from it', async (t) => {
  for (const denied of ['subscribe', 'publish']) {
    const strict = await startStrict(t, `${denied}: { deny: ["MOL-tinygrid.REQ.a.*"] }`)
    const url = `nats://u:secret@127.0.0.1:${strict.port}`
    const { message } = await t.throwsAsync(join(t, strict, 'a', { url }), {
      instanceOf: StartError,
    })
    t.regex(message, /MOL-tinygrid\.REQ\.a\.\S+; .* allowed to publish and subscribe/)
    t.false(message.includes('secret'))
    await meet(await join(t, strict, 'b', { url }))
  }
})

natsTest('a broadcast is one message, however many hear it', async (t) => {
  const namespace = newNamespace()
  const names = ['a', 'b', 'c', 'd']
  const peers = await Promise.all(names.map((name) => join(t, nats, name, { namespace })))
  await meet(...peers)
  const [a, ...others] = peers
  const spy = await connectPatiently({ url: nats.url, name: 'spy' })
  t.teardown(() => spy.close())
  const subjects: string[] = []
  spy.subscribe(`MOL-${namespace}.EVENT.>`, { callback: () => subjects.push('to one') })
  spy.subscribe(`MOL-${namespace}.EVENT`, { callback: () => subjects.push('to all') })
  await spy.flush()
  const areHeard = others.map((one) => new Promise((resolve) => one.listen('news', resolve)))
  a!.broadcast('news', 1)
  await Promise.all(areHeard)
  await spy.flush()
  t.deepEqual(subjects, ['to all'])
})

natsTest('a node of an older program is told by itself, and all others once', async (t) => {
  const namespace = newNamespace()
  const [a, b] = await Promise.all(['a', 'b'].map((name) => join(t, nats, name, { namespace })))
  await meet(a!, b!)
  const heard: unknown[] = []
  const { promise, resolve } = Promise.withResolvers<unknown>()
  b!.listen('news', (number) => heard.push(number))
  await startOlder(t, namespace, resolve)
  let told = 0
  const telling = setInterval(() => a!.broadcast('news', ++told), 20)
  t.teardown(() => clearInterval(telling))
  const number = await promise
  b!.handle('echo', (params) => params)
  await a!.call(b!.nodeId, 'echo', null, TIMEOUT_MS)
  t.is(heard.filter((one) => one === number).length, 1)
})

/** What a node of the version before is to Moleculer. */
async function startOlder(t: ExecutionContext, namespace: string, hear: (told: unknown) => void) {
  const broker = new ServiceBroker({
    nodeID: processName('older' as NodeId, 1, 0),
    namespace,
    transporter: { type: 'NATS', options: { url: nats.url } },
    logger: false,
    internalServices: false,
    skipProcessEventRegistration: true,
  })
  broker.createService({
    name: 'tinygrid',
    events: {
      'tinygrid.told': ({ params }: Context<{ params: unknown }>) => hear(params.params),
    },
  })
  t.teardown(() => broker.stop())
  await broker.start()
}

async function startTwo(t: ExecutionContext) {
  const namespace = newNamespace()
  const both = [join(t, nats, 'a', { namespace }), join(t, nats, 'b', { namespace })] as const
  const [a, b] = await Promise.all(both)
  await meet(a, b)
  return [a, b] as const
}

async function startStrict(t: ExecutionContext, permissions: string): Promise<NatsService> {
  const user = `{ user: u, password: secret, permissions: { ${permissions} } }`
  const strict = await NatsService.start({ config: `authorization { users: [${user}] }` })
  t.teardown(() => strict.close())
  return strict
}

/** The Moleculer adapter keeps the contract of peers over a real server, and what only it can show. */
import { NatsService } from '../../test/services/nats-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { findProgram } from '../../test/services/service-program.ts'
import { testPeersContract } from './peers.contract.ts'
import { join, meet } from '../testing/peers-world.ts'
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
  t.true((await elapsed(200)) < 1_000)
  t.true((await elapsed(60_000)) < 20_000, 'it is forgotten while the call is under way')
  t.true((await elapsed(60_000)) < 1_000)
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

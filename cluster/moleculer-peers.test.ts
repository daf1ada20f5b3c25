/** The Moleculer adapter keeps the contract of peers, over a real server. */
import { setTimeout } from 'node:timers/promises'
import test from 'ava'
import { NatsService } from '../test/services/nats-service.ts'
import { testWith } from '../test/services/service-test.ts'
import { findProgram } from '../test/services/service-program.ts'
import type { NodeId } from './ids.ts'
import { MoleculerPeers } from './moleculer-peers.ts'
import { connectNats } from './nats-connection.ts'
import { testPeersContract } from './peers.contract.ts'
import type { Peers } from './peers.ts'

const HELLO = 'hello'

let nats: NatsService
let namespaces = 0

if (findProgram('nats') !== undefined) {
  test.before(async () => {
    nats = await NatsService.start()
  })
  test.after.always(() => nats.close())
}

testPeersContract(
  'Moleculer peers',
  async (t) => {
    const namespace = `tinygrid-${++namespaces}`
    const join = async (nodeId: string) => {
      const connection = await connectNats({ url: nats.url, name: nodeId })
      t.teardown(() => connection.close())
      const options = { connection, namespace, nodeId: nodeId as NodeId }
      const peers = await MoleculerPeers.start(options)
      peers.handle(HELLO, () => nodeId)
      return peers
    }
    const peers = await Promise.all([join('a'), join('b'), join('c')])
    await Promise.all(peers.flatMap((one) => peers.map((other) => meet(one, other))))
    return peers
  },
  testWith('nats'),
)

/** Waits until one knows the other. */
async function meet(one: Peers, other: Peers): Promise<void> {
  const hello = () => one.call(other.nodeId, HELLO, null, 1_000)
  while (!(await hello().catch(() => false))) await setTimeout(5)
}

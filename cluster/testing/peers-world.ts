/** Real nodes for tests of the Moleculer adapter: each with a connection of its own to one server. */
import { setTimeout } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { NatsService } from '../../test/services/nats-service.ts'
import type { NodeId } from '../../links/ids.ts'
import { MoleculerPeers } from '../peers/moleculer-peers.ts'
import { connectPatiently } from './patient-connection.ts'
import { RefusedInput } from '../refused-input.ts'
import type { Peers } from '../peers/peers.ts'

const HELLO = 'hello'
const POLL_MS = 5
const HELLO_TIMEOUT_MS = 500
const MET_WITHIN_MS = 60_000

export interface JoinOptions {
  readonly namespace?: string
  /** Instead of the server's own. */
  readonly url?: string
  readonly onError?: (what: string) => void
  readonly refused?: RefusedInput
}

/** A node that ends with the test. */
export async function join(
  t: ExecutionContext,
  nats: NatsService,
  nodeId: string,
  {
    namespace = 'tinygrid',
    url = nats.url,
    onError = () => {},
    refused = new RefusedInput(),
  }: JoinOptions = {},
): Promise<MoleculerPeers> {
  const connection = await connectPatiently({ url, name: nodeId })
  t.teardown(() => connection.close())
  const options = { connection, namespace, nodeId: nodeId as NodeId, onError, refused }
  const peers = new MoleculerPeers(options)
  t.teardown(() => peers.close())
  await peers.open()
  peers.handle(HELLO, () => nodeId)
  return peers
}

/** Waits until each of them can call each other one. */
export async function meet(...peers: readonly Peers[]): Promise<void> {
  await Promise.all(peers.flatMap((one) => peers.map((other) => reach(one, other))))
}

async function reach(one: Peers, other: Peers): Promise<void> {
  const hello = () => one.call(other.nodeId, HELLO, null, HELLO_TIMEOUT_MS)
  const deadline = performance.now() + MET_WITHIN_MS
  while (!(await hello().catch(() => false))) {
    if (performance.now() > deadline)
      throw new Error(`${one.nodeId} does not reach ${other.nodeId}`)
    await setTimeout(POLL_MS)
  }
}

/**
 * What a node answers to people who ask by NATS: `nats micro ls`, and requests for what it knows.
 *
 * One service per node, all of one name, which is the namespace:
 *
 *   <namespace>.owner       the payload is a code: who owns its partition. One node answers.
 *   <namespace>.table       the whole table. One node answers.
 *   <namespace>.node.<id>   what that node tells of itself
 *
 * Read from memory, so it answers while the store is away; the view is that of the node that
 * answers, which may be some milliseconds behind. It changes nothing and shows no link's address,
 * yet like all of NATS it is for operators: whoever may connect may ask.
 */
import { ServiceError, type NatsConnection, type ServiceMsg } from 'nats'
import type { CodeCase } from '../../links/code-case.ts'
import { parseFullCode } from '../../links/full-code.ts'
import { CODE_LENGTH_MAX, type NodeId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import { namesOf } from './namespace.ts'
import type { NodeStatus } from '../../links/link-owner.ts'
import type { Ring } from '../../links/ring.ts'
import type { Table } from '../table/table.ts'
import { describeTable } from './table-description.ts'

/** A node as this service sees it. */
export interface AskedNode {
  readonly nodeId: NodeId
  readonly ring: Ring
  readonly membership: {
    readonly table: Table
    readonly leases: ReadonlyMap<NodeId, NodeLease>
    readonly controller: NodeId | undefined
  }
  readonly status: () => NodeStatus
  /** 'sensitive' if left out. */
  readonly codeCase?: CodeCase
}

export interface NatsServiceOptions {
  readonly connection: NatsConnection
  readonly namespace: string
  /** Of the program, as semantic versioning has it. */
  readonly version: string
  /** Told if NATS takes the service off. */
  readonly onError: (what: string, error: unknown) => void
}

const BAD_REQUEST = 400
const CODE_TAKES = `Send a code: 1 to ${CODE_LENGTH_MAX} characters of A-Z, a-z, 0-9, _ and -; or domain/code.`

/** Answers until it is closed. The connection stays its owner's. */
export async function openNatsService(
  { connection, namespace, version, onError }: NatsServiceOptions,
  node: AskedNode,
): Promise<{ close(): Promise<void> }> {
  const { subjectPrefix } = namesOf(namespace)
  const service = await connection.services.add({
    name: namespace,
    version,
    description: `Node ${node.nodeId} of a URL shortener`,
    metadata: { node: node.nodeId },
  })
  const group = service.addGroup(subjectPrefix)
  group.addEndpoint('owner', {
    handler: answering((message) => ownerOf(message.string().trim(), node)),
    metadata: { request: 'a code', response: 'JSON' },
  })
  group.addEndpoint('table', {
    handler: answering(() => describeTable(node.membership)),
    metadata: { response: 'JSON, a line per partition' },
  })
  group.addEndpoint('node', {
    subject: `node.${node.nodeId}`,
    handler: answering(() => JSON.stringify(node.status())),
    metadata: { response: 'JSON' },
  })
  void service.stopped.then((error) => {
    if (error !== null) onError('this node cannot be asked by NATS any more', error)
  })
  return {
    close: async () => {
      await service.stop()
    },
  }
}

/** What goes wrong is told as the answer's error, and counted in the service's statistics. */
function answering(answerOf: (message: ServiceMsg) => string) {
  return (error: Error | null, message: ServiceMsg): void => {
    if (error === null) message.respond(answerOf(message))
  }
}

function ownerOf(text: string, node: AskedNode): string {
  const { ring, membership, codeCase } = node
  const { table, leases } = membership
  const code = parseFullCode(codeCase === 'insensitive' ? text.toLowerCase() : text)
  if (code === undefined) {
    throw new ServiceError(BAD_REQUEST, CODE_TAKES)
  }
  const partition = ring.partitionOf(code)
  const { owner, epoch, target } = table.ownershipOf(partition)
  const url = owner === null ? null : (leases.get(owner)?.url ?? null)
  return JSON.stringify({ code, partition, owner, epoch, target, url })
}

/**
 * The roll: who has a lease, as the controller says it in one value for nodes that watch no leases.
 *
 * Every lease is renewed three times a second, and if all nodes watched all leases, the messages would
 * grow with the square of the nodes. So in a cluster of more than JUDGES_MAX nodes only the judges
 * watch them: the controller, and JUDGES_MAX nodes that all agree on by the roll, who take the
 * controller's place when it dies, with what they have seen of the leases. Everybody else goes by the
 * roll, which is written when a node comes, goes or says something new of itself, and not for renewals.
 *
 * The roll is in force while the node that wrote it is the controller and renews its key. When it has
 * not been in force for ROLL_GRACE_MS, all watch the leases again: the judges died with the controller,
 * or it is of an older program, which writes no roll. What a node decides by the roll is who may be
 * asked, never who owns: that is the table's business, and who is dead is decided by judges alone.
 *
 * Rejected: to renew less often the more nodes there are, which makes deaths noticed later.
 */
import { hashCode } from '../../links/hash.ts'
import type { Code, NodeId } from '../../links/ids.ts'
import { fieldsOf, isFields, isNodeName, must, STORED_FORMAT } from '../stored-value.ts'
import { leaseOf, type NodeLease } from './lease.ts'

export const ROLL_KEY = 'roll'
/** So many may die at the same moment as the controller, and the next one knows at once who has. */
export const JUDGES_MAX = 5
/** The judges have taken the controller's place by then, if one is left. */
export const ROLL_GRACE_MS = 2_000

export interface Roll {
  /** The controller that wrote it. */
  readonly by: NodeId
  /** Without reports: what is opened and released, only the controller needs to know. */
  readonly leases: ReadonlyMap<NodeId, NodeLease>
}

export function textOfRoll(by: NodeId, leases: ReadonlyMap<NodeId, NodeLease>): string {
  const byName = [...leases.values()].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1))
  const nodes = byName.map(({ nodeId, startedAt, roles, url, state, isDrained }) => {
    return { nodeId, startedAt, roles, url, state, isDrained }
  })
  return JSON.stringify({ format: STORED_FORMAT, by, nodes })
}

/** @throws Malformed if it is no roll */
export function parseRoll(text: string): Roll {
  const { by, nodes } = fieldsOf(text)
  must(isNodeName(by), 'nobody has written it')
  must(Array.isArray(nodes), 'its nodes are no list')
  const leases = nodes.map((node: unknown) => {
    must(isFields(node) && isNodeName(node['nodeId']), 'it has a node without a name')
    const nodeId = node['nodeId'] as NodeId
    return [nodeId, leaseOf({ ...node, opened: [], released: [] }, nodeId, 0)] as const
  })
  return { by: by as NodeId, leases: new Map(leases) }
}

/** By their hash: neighbours by name may stand in one rack. */
export function judgesAmong(nodes: Iterable<NodeId>, count: number): ReadonlySet<NodeId> {
  const hashes = Array.from(nodes, (node) => [hashOf(node), node] as const)
  return new Set(
    hashes
      .sort(([a], [b]) => a - b)
      .slice(0, count)
      .map(([, node]) => node),
  )
}

function hashOf(node: NodeId): number {
  return hashCode(node as string as Code)
}

/**
 * A node's lease: the sign that it lives, and what it has to tell the controller.
 *
 * A node writes it every LEASE_RENEW_MS by compare-and-set on its own last revision. Whoever finds
 * it unrenewed for LEASE_DEAD_MS may delete it, by compare-and-set on that same revision: so of a
 * late renewal and a declaration of death exactly one succeeds, whatever the clocks say. The node
 * itself stops answering as an owner LEASE_FENCE_MS after it *began* its last successful renewal,
 * by its own monotonic clock, which is before anybody may declare it dead. A node whose lease was
 * deleted drops every partition before it takes a new lease.
 *
 * Reports (`opened`, `released`) stay in the lease until the table shows them.
 */
import {
  fieldsOf,
  isCount,
  isEpoch,
  isFields,
  isNodeName,
  must,
  type Fields,
} from '../stored-value.ts'
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'

export const LEASE_RENEW_MS = 300
export const LEASE_FENCE_MS = 1_500
export const LEASE_DEAD_MS = 2_000

export const ROLES = ['gateway', 'actors', 'analytics'] as const
export type Role = (typeof ROLES)[number]

export interface NodeLease {
  readonly nodeId: NodeId
  readonly startedAt: EpochMs
  /** Only a node with the role 'actors' is given partitions. */
  readonly roles: readonly Role[]
  /** Where its gateway listens, for people; null if it has none. */
  readonly url: string | null
  /** leaving: wants to be rid of its partitions, and is given none. */
  readonly state: 'active' | 'leaving'
  /** It is rid of them because an operator wants it, and stays; then `state` is leaving. */
  readonly isDrained?: boolean
  /** The highest format of the table that it reads; older programs do not say so, and read 1. */
  readonly reads?: number
  /** Partitions that this node has opened in the log; the table has not said so yet. */
  readonly opened: readonly OpenedPartition[]
  /** Partitions that this node has handed to another one, which has opened them. */
  readonly released: readonly ReleasedPartition[]
}

export interface OpenedPartition {
  readonly partition: PartitionId
  readonly epoch: Epoch
}

export interface ReleasedPartition {
  readonly partition: PartitionId
  readonly to: NodeId
  /** In which `to` has opened it. */
  readonly epoch: Epoch
  /** How long its writes waited until then, for people; left out where nobody measured. */
  readonly waitMs?: number
}

/** The key of a node's lease. */
export function leaseKey(node: NodeId): string {
  return `lease.${node}`
}

/** The node whose lease has this key, if it is the key of a lease. */
export function nodeOfLeaseKey(key: string): NodeId | undefined {
  const name = key.startsWith('lease.') ? key.slice('lease.'.length) : undefined
  return isNodeName(name) ? (name as NodeId) : undefined
}

/**
 * @param nodeId whose key it lies under
 * @param partitions of the cluster
 * @throws Malformed if it is no lease of that node
 */
export function parseLease(text: string, nodeId: NodeId, partitions: number): NodeLease {
  return leaseOf(fieldsOf(text), nodeId, partitions)
}

/** As `parseLease`, of what was parsed already. */
export function leaseOf(fields: Fields, nodeId: NodeId, partitions: number): NodeLease {
  const { nodeId: named, startedAt, roles, url, state, reads = 1, opened, released } = fields
  const isDrained = fields['isDrained'] === true && state === 'leaving'
  must(named === nodeId, 'it names another node than its key')
  must(isCount(startedAt, TIME_MAX), 'the start of its node is no time')
  must(Array.isArray(roles), 'its roles are no list')
  must(url === null || (typeof url === 'string' && url.length <= URL_LENGTH_MAX), 'no address')
  must(state === 'active' || state === 'leaving', 'its state is not known')
  must(isCount(reads), 'what it reads is no number')
  must(isReports(opened, partitions), 'what it has opened is no list of partitions')
  must(isReports(released, partitions), 'what it has released is no list of partitions')
  return {
    nodeId,
    startedAt: startedAt as EpochMs,
    // A newer program may have more of them.
    roles: ROLES.filter((role) => roles.includes(role)),
    url,
    state,
    ...(isDrained && { isDrained }),
    reads,
    opened: opened.map(({ partition, epoch }) => ({ partition, epoch })),
    released: released.map(parseReleased),
  }
}

/** The last one that has a date. */
const TIME_MAX = 8.64e15
const URL_LENGTH_MAX = 4_096

function isReports(reports: unknown, partitions: number): reports is OpenedPartition[] {
  if (!Array.isArray(reports) || reports.length > partitions) return false
  return reports.every((one: unknown) => {
    return isFields(one) && isCount(one['partition'], partitions - 1) && isEpoch(one['epoch'])
  })
}

function parseReleased(report: OpenedPartition): ReleasedPartition {
  const { partition, epoch, to, waitMs } = report as Partial<ReleasedPartition> & OpenedPartition
  must(isNodeName(to), 'it has released a partition to nobody')
  return { partition, epoch, to, ...(isCount(waitMs) && { waitMs }) }
}

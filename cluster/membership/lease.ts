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
import assert from 'node:assert/strict'
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'

export const LEASE_RENEW_MS = 300
export const LEASE_FENCE_MS = 1_500
export const LEASE_DEAD_MS = 2_000

export const ROLES = ['gateway', 'actors'] as const
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
  return key.startsWith('lease.') ? (key.slice('lease.'.length) as NodeId) : undefined
}

/** @throws SyntaxError or AssertionError if `text` is no lease */
export function parseLease(text: string): NodeLease {
  const lease = JSON.parse(text) as NodeLease
  assert(typeof lease.nodeId === 'string' && Array.isArray(lease.opened))
  assert(Array.isArray(lease.released) && Array.isArray(lease.roles))
  return lease
}

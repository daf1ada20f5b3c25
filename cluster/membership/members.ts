/**
 * Who lives, as one observer sees it: the leases there are, and for how long each has not changed.
 *
 * Used by every node's Membership, fed with each entry that its watch brings and with its own
 * monotonic time; times of other machines are never compared. Pure. It only observes: an expired
 * lease is one that the observer *may* delete, by compare-and-set on the revision named here, and
 * whether that works is what decides. The controller's key is observed by the same rules.
 *
 * An observer that did not run for a while has not seen renewals that were made meanwhile; it must
 * call `restart`, or it would take its own pause for the death of everybody else.
 */
import assert from 'node:assert/strict'
import type { NodeId } from '../../links/ids.ts'
import type { KeyValueEntry } from './key-value.ts'
import { LEASE_DEAD_MS, nodeOfLeaseKey, parseLease } from './lease.ts'
import type { NodeLease } from './lease.ts'

/** Held by the node that may change the table; its value is a ControllerLease. */
export const CONTROLLER_KEY = 'controller'

export interface ControllerLease {
  readonly nodeId: NodeId
}

export interface ExpiredLease {
  readonly nodeId: NodeId
  /** Of the last renewal that was seen. */
  readonly revision: number
}

interface Seen<Lease> {
  readonly lease: Lease
  readonly revision: number
  /** When the observer saw this revision, or began to observe anew. */
  since: number
}

export class Members {
  readonly #seen = new Map<NodeId, Seen<NodeLease>>()
  readonly #leases = new Map<NodeId, NodeLease>()
  #controller: Seen<ControllerLease> | undefined
  #changes = 0

  /** Every lease there is, expired ones too: only its deletion says that a node is dead. */
  get leases(): ReadonlyMap<NodeId, NodeLease> {
    return this.#leases
  }

  get controller(): NodeId | undefined {
    return this.#controller?.lease.nodeId
  }

  /** How often `observe` found more than a renewal: while it stands, nobody says anything new. */
  get changes(): number {
    return this.#changes
  }

  /**
   * Takes note of a lease or of the controller's key; other keys are ignored.
   * Returns whether there is more to it than a renewal.
   *
   * @throws SyntaxError or AssertionError if the value cannot be read; the older one stays
   */
  observe(entry: KeyValueEntry, now: number): boolean {
    const hasChanged = this.#observe(entry, now)
    if (hasChanged) this.#changes++
    return hasChanged
  }

  /** Since the observer saw the node's lease renewed, or began anew; undefined: it has none. */
  silenceAt(node: NodeId, now: number): number | undefined {
    const seen = this.#seen.get(node)
    return seen && now - seen.since
  }

  /** Nodes that have not renewed their lease for LEASE_DEAD_MS. */
  expiredAt(now: number): ExpiredLease[] {
    return [...this.#seen]
      .filter(([, { since }]) => now - since >= LEASE_DEAD_MS)
      .map(([nodeId, { revision }]) => ({ nodeId, revision }))
  }

  /** The controller, if it has not renewed its key for LEASE_DEAD_MS. */
  controllerExpiredAt(now: number): ExpiredLease | undefined {
    if (this.#controller === undefined || now - this.#controller.since < LEASE_DEAD_MS) return
    return { nodeId: this.#controller.lease.nodeId, revision: this.#controller.revision }
  }

  /** Begins to observe anew: whoever is there has until LEASE_DEAD_MS from now. */
  restart(now: number): void {
    for (const seen of this.#seen.values()) seen.since = now
    if (this.#controller !== undefined) this.#controller.since = now
  }

  #observe(entry: KeyValueEntry, now: number): boolean {
    if (entry.key === CONTROLLER_KEY) return this.#observeController(entry, now)
    const nodeId = nodeOfLeaseKey(entry.key)
    return nodeId !== undefined && this.#observeLease(nodeId, entry, now)
  }

  #observeLease(nodeId: NodeId, { value, revision }: KeyValueEntry, now: number): boolean {
    const before = this.#leases.get(nodeId)
    if (value === undefined) {
      this.#seen.delete(nodeId)
      return this.#leases.delete(nodeId)
    }
    const lease = parseLease(value)
    assert(lease.nodeId === nodeId, 'a lease lies under the key of its node')
    this.#seen.set(nodeId, { lease, revision, since: now })
    this.#leases.set(nodeId, lease)
    return before === undefined || !isRenewalOf(before, lease)
  }

  #observeController({ value, revision }: KeyValueEntry, now: number): boolean {
    const before = this.controller
    if (value === undefined) {
      this.#controller = undefined
    } else {
      this.#controller = { lease: JSON.parse(value) as ControllerLease, revision, since: now }
    }
    return this.controller !== before
  }
}

function isRenewalOf(before: NodeLease, after: NodeLease): boolean {
  return (
    before.state === after.state &&
    JSON.stringify(before.opened) === JSON.stringify(after.opened) &&
    JSON.stringify(before.released) === JSON.stringify(after.released)
  )
}

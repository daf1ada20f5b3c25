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
 *
 * A value that cannot be believed (`stored-value.ts`) is no renewal: what was said before stands,
 * and its time runs out. So it is deleted, or taken over, by its own revision like any other.
 */
import type { NodeId } from '../../links/ids.ts'
import type { KeyValueEntry } from './key-value.ts'
import { fieldsOf, isNodeName, Malformed, must } from '../stored-value.ts'
import { LEASE_DEAD_MS, nodeOfLeaseKey, parseLease } from './lease.ts'
import type { NodeLease } from './lease.ts'

/** Held by the node that may change the table; its value names the node. */
export const CONTROLLER_KEY = 'controller'

export interface ExpiredLease {
  readonly nodeId: NodeId
  /** Of what was last seen there. */
  readonly revision: number
}

interface Seen {
  readonly revision: number
  /** When the observer saw it renewed, or began to observe anew. */
  since: number
}

export interface MembersOptions {
  /** Of the cluster. */
  readonly partitions: number
  readonly onRefused?: (kind: 'lease' | 'controller', why: string) => void
}

export class Members {
  readonly #options: MembersOptions
  /** Of each key of a lease that has a value, be it a lease or not. */
  readonly #seen = new Map<NodeId, Seen>()
  readonly #leases = new Map<NodeId, NodeLease>()
  /** nodeId undefined: the key says nothing that can be understood. */
  #controller: (Seen & { readonly nodeId: NodeId | undefined }) | undefined
  #changes = 0

  constructor(options: MembersOptions) {
    this.#options = options
  }

  /** Every lease there is, expired ones too: only its deletion says that a node is dead. */
  get leases(): ReadonlyMap<NodeId, NodeLease> {
    return this.#leases
  }

  get controller(): NodeId | undefined {
    return this.#controller?.nodeId
  }

  /** Nobody holds the controller's key, and nothing else lies there. */
  get isControllerVacant(): boolean {
    return this.#controller === undefined
  }

  /** How often `observe` found more than a renewal: while it stands, nobody says anything new. */
  get changes(): number {
    return this.#changes
  }

  /**
   * Takes note of a lease or of the controller's key; other keys are ignored.
   * Returns whether there is more to it than a renewal.
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

  /** Of what lies under the node's key; undefined: nothing does. */
  revisionOf(node: NodeId): number | undefined {
    return this.#seen.get(node)?.revision
  }

  /** Nodes that have not renewed their lease for LEASE_DEAD_MS. */
  expiredAt(now: number): ExpiredLease[] {
    return [...this.#seen]
      .filter(([, { since }]) => now - since >= LEASE_DEAD_MS)
      .map(([nodeId, { revision }]) => ({ nodeId, revision }))
  }

  /** The controller, if it has not renewed its key for LEASE_DEAD_MS. */
  controllerExpiredAt(now: number): Pick<ExpiredLease, 'revision'> | undefined {
    if (this.#controller === undefined || now - this.#controller.since < LEASE_DEAD_MS) return
    return this.#controller
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
    const { partitions } = this.#options
    const lease = this.#read('lease', () => parseLease(value, nodeId, partitions))
    if (lease === undefined) {
      this.#seen.set(nodeId, { revision, since: this.#seen.get(nodeId)?.since ?? now })
      return false
    }
    this.#seen.set(nodeId, { revision, since: now })
    this.#leases.set(nodeId, lease)
    return before === undefined || !isRenewalOf(before, lease)
  }

  #observeController({ value, revision }: KeyValueEntry, now: number): boolean {
    const before = this.controller
    if (value === undefined) {
      this.#controller = undefined
    } else {
      const nodeId = this.#read('controller', () => parseController(value))
      const since = nodeId === undefined ? (this.#controller?.since ?? now) : now
      this.#controller = { nodeId, revision, since }
    }
    return this.controller !== before
  }

  /** undefined: it is refused. */
  #read<T>(kind: 'lease' | 'controller', parse: () => T): T | undefined {
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#options.onRefused?.(kind, error.message)
      return undefined
    }
  }
}

function parseController(text: string): NodeId {
  const { nodeId } = fieldsOf(text)
  must(isNodeName(nodeId), 'it names no node')
  return nodeId as NodeId
}

function isRenewalOf(before: NodeLease, after: NodeLease): boolean {
  return (
    before.state === after.state &&
    JSON.stringify(before.opened) === JSON.stringify(after.opened) &&
    JSON.stringify(before.released) === JSON.stringify(after.released)
  )
}

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
 * Of a node that watches no leases but its own (`roll.ts`) the others' are those of the roll; of them it
 * knows neither revisions nor silence, so it calls nobody dead.
 *
 * A value that cannot be believed (`stored-value.ts`) is no renewal: what was said before stands,
 * and its time runs out. So it is deleted, or taken over, by its own revision like any other.
 */
import type { NodeId } from '../../links/ids.ts'
import type { KeyValueEntry } from './key-value.ts'
import { fieldsOf, isNodeName, Malformed, must } from '../stored-value.ts'
import { LEASE_DEAD_MS, nodeOfLeaseKey, parseLease } from './lease.ts'
import type { NodeLease } from './lease.ts'
import { parseRoll, ROLL_KEY, type Roll } from './roll.ts'

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
  readonly onRefused?: (kind: 'lease' | 'controller' | 'roll', why: string) => void
}

/** What lies under the roll's key. */
export interface SeenRoll {
  readonly revision: number
  readonly text: string
  /** undefined: it is refused. */
  readonly roll: Roll | undefined
}

export class Members {
  readonly #options: MembersOptions
  /** Of each key of a lease that has a value, be it a lease or not. */
  readonly #seen = new Map<NodeId, Seen>()
  #leases = new Map<NodeId, NodeLease>()
  #roll: SeenRoll | undefined
  /** The node whose lease is watched beside the roll; undefined: all are. */
  #byRoll: NodeId | undefined
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

  /** undefined: there is none, as far as is known. */
  get roll(): SeenRoll | undefined {
    return this.#roll
  }

  /** The roll if the controller keeps it; see `roll.ts`. */
  rollInForceAt(now: number): Roll | undefined {
    const roll = this.#roll?.roll
    const isKept = roll?.by === this.controller && this.controllerExpiredAt(now) === undefined
    return isKept ? roll : undefined
  }

  /** From now on the leases are those that are observed, or those of the roll and that of `own`. */
  goBy(source: 'leases' | 'roll', own: NodeId): void {
    this.#byRoll = source === 'roll' ? own : undefined
    if (this.#byRoll === undefined) return
    for (const node of this.#seen.keys()) if (node !== own) this.#seen.delete(node)
    if (this.#callRoll()) this.#changes++
  }

  /** All leases there are have been observed: others there are not. */
  forgetUnseen(): void {
    for (const node of this.#leases.keys()) {
      if (!this.#seen.has(node) && this.#leases.delete(node)) this.#changes++
    }
  }

  /** How often `observe` found more than a renewal: while it stands, nobody says anything new. */
  get changes(): number {
    return this.#changes
  }

  /**
   * Takes note of a lease, of the controller's key or of the roll; other keys are ignored.
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
    if (entry.key === ROLL_KEY) return this.#observeRoll(entry)
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
    const seen = this.#seen.get(nodeId)
    const lease = this.#read('lease', () => parseLease(value, nodeId, partitions))
    if (lease === undefined) {
      this.#seen.set(nodeId, { revision, since: seen?.since ?? now })
      return false
    }
    // Another watch tells again what there is: that is no renewal.
    const isKnown = seen?.revision === revision
    this.#seen.set(nodeId, { revision, since: isKnown ? seen.since : now })
    this.#leases.set(nodeId, lease)
    return before === undefined || !isRenewalOf(before, lease)
  }

  #observeController({ value, revision }: KeyValueEntry, now: number): boolean {
    const before = this.controller
    if (value === undefined) {
      this.#controller = undefined
    } else {
      const nodeId = this.#read('controller', () => parseController(value))
      const isRenewal = nodeId !== undefined && this.#controller?.revision !== revision
      const since = isRenewal ? now : (this.#controller?.since ?? now)
      this.#controller = { nodeId, revision, since }
    }
    return this.controller !== before
  }

  #observeRoll({ value, revision }: KeyValueEntry): boolean {
    if (value === undefined) {
      this.#roll = undefined
      return false
    }
    if (this.#roll?.revision === revision && this.#roll.text === value) return false
    this.#roll = { revision, text: value, roll: this.#read('roll', () => parseRoll(value)) }
    return this.#callRoll()
  }

  /** Where the roll counts, who is not on it is not there. Returns whether that changes anything. */
  #callRoll(): boolean {
    const roll = this.#roll?.roll
    if (this.#byRoll === undefined || roll === undefined) return false
    const own = this.#leases.get(this.#byRoll)
    this.#leases = new Map(roll.leases)
    if (own !== undefined) this.#leases.set(own.nodeId, own)
    return true
  }

  /** undefined: it is refused. */
  #read<T>(kind: 'lease' | 'controller' | 'roll', parse: () => T): T | undefined {
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

/** Also what a new process of the same name says of itself is new. */
function isRenewalOf(before: NodeLease, after: NodeLease): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}

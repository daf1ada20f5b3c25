/**
 * Draining: an operator wants a node to give its partitions to the others, and to stay or to stop.
 *
 * One per node of a cluster, behind its gateway and to the other nodes. The node that is meant says so in its own lease,
 * and the controller plans by that, as it does for a node that leaves: so the wish outlives the controller and
 * whoever was asked, and ends with the process. Rejected: a list of drained nodes in the bucket, which would be
 * about names of processes that are gone.
 */
import { TinygridError } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import type { Peers } from '../peers/peers.ts'
import { isFields, must } from '../stored-value.ts'
import { LEASE_DEAD_MS, type NodeLease } from './lease.ts'

/** drain: gives its partitions away and stays. undo: takes some again. stop: gives them away and ends. */
const DRAIN_WISHES = ['drain', 'undo', 'stop'] as const
export type DrainWish = (typeof DRAIN_WISHES)[number]

export interface DrainingOptions {
  readonly membership: {
    readonly leases: ReadonlyMap<NodeId, NodeLease>
    drain(isWanted: boolean): void
  }
  readonly peers: Peers
  /** Stops this process in order, a moment later. */
  readonly stop: () => void
}

/** Answered by every node. */
const DRAIN_CALL = 'node.drain'

export class Draining {
  readonly #options: DrainingOptions
  #isStopping = false

  constructor(options: DrainingOptions) {
    this.#options = options
    options.peers.handle(DRAIN_CALL, (params) => {
      this.#carryOut(wishOf(params))
      return {}
    })
  }

  /**
   * Has a node do it, which may be this one. Resolves when the node knows.
   *
   * @throws TinygridError node_not_found, no_heirs, node_unavailable
   */
  async ask(node: NodeId, wish: DrainWish): Promise<void> {
    const { peers } = this.#options
    this.#check(node, wish)
    if (node === peers.nodeId) return this.#carryOut(wish)
    try {
      await peers.call(node, DRAIN_CALL, { wish }, LEASE_DEAD_MS)
    } catch (cause) {
      throw new TinygridError('node_unavailable', {
        detail: `${node} did not answer in time, or its version cannot be drained`,
        cause,
      })
    }
  }

  #check(node: NodeId, wish: DrainWish): void {
    const { leases } = this.#options.membership
    const lease = leases.get(node)
    if (lease === undefined) {
      throw new TinygridError('node_not_found', { detail: `There is no node ${node}` })
    }
    if (wish === 'undo' || !lease.roles.includes('actors')) return
    const hasHeirs = [...leases.values()].some(
      ({ nodeId, roles, state }) =>
        nodeId !== node && roles.includes('actors') && state === 'active',
    )
    if (!hasHeirs) throw new TinygridError('no_heirs')
  }

  #carryOut(wish: DrainWish): void {
    const { membership, stop } = this.#options
    if (wish !== 'stop') membership.drain(wish === 'drain')
    // A second wish would end it at once, as a second signal does.
    else if (!this.#isStopping) stop()
    this.#isStopping ||= wish === 'stop'
  }
}

function wishOf(params: unknown): DrainWish {
  const wish = isFields(params) ? params['wish'] : undefined
  const known = DRAIN_WISHES.find((one) => one === wish)
  must(known !== undefined, 'what is wished for is not known')
  return known
}

/**
 * Brings to the store what the nodes of a cluster have acknowledged, for a list or an export.
 *
 * Used by the node. Whoever lists needs a flush of every node. In a small cluster it asks them itself.
 * In a larger one it asks the controller, which asks all nodes for all who list at that moment: with
 * a round of each gateway for each list, messages and flushes would grow with the nodes times the lists.
 * A controller that cannot be asked, or is of an older program, is passed over.
 */
import type { Clock } from '../links/clock.ts'
import { hasCode } from '../links/errors.ts'
import type { NodeId } from '../links/ids.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import { FlushRounds } from '../persistence/write-behind/flush-rounds.ts'

export interface ClusterFlushOptions {
  readonly peers: Peers
  readonly clock: Clock
  readonly membership: {
    readonly leases: ReadonlyMap<NodeId, unknown>
    readonly controller: NodeId | undefined
  }
  /** Resolves when the store has what this node acknowledged before. */
  readonly barrier: (timeoutMs: number) => Promise<void>
}

const FLUSH_CALL = 'write-behind.flush'
/** Asks the controller for a flush of every node. */
const FLUSH_ALL_CALL = 'write-behind.flush-all'
/** Longest that another node may let this one wait for its store. */
const FLUSH_MS_MAX = 5_000
/** In a cluster of more nodes the controller asks them. */
const DIRECT_NODES_MAX = 8
/** Between two questions of one node to the controller. */
const ASK_SPACING_MS = 50
/** Between two flushes of all nodes, for each of them: no node is asked more than 400 times a second. */
const SPACING_PER_NODE_MS = 2.5
const SPACING_MS_MAX = 500

export class ClusterFlush {
  readonly #options: ClusterFlushOptions
  /** Of what this node itself wants. */
  readonly #wanted: FlushRounds
  /** Of every node. */
  readonly #everyone: FlushRounds

  constructor(options: ClusterFlushOptions) {
    this.#options = options
    const { clock, peers, barrier } = options
    this.#wanted = new FlushRounds({
      clock,
      spacingMs: () => (this.#isLarge ? ASK_SPACING_MS : 0),
      round: (timeoutMs) => this.#ask(timeoutMs),
    })
    this.#everyone = new FlushRounds({
      clock,
      spacingMs: () => Math.min(this.#nodes * SPACING_PER_NODE_MS, SPACING_MS_MAX),
      round: (timeoutMs) => this.#askAll(timeoutMs),
    })
    peers.handle(FLUSH_CALL, (params) => barrier(flushMs(params)))
    peers.handle(FLUSH_ALL_CALL, (params) => this.#everyone.wait(flushMs(params)))
  }

  /**
   * Resolves when the store has what all nodes acknowledged before.
   *
   * @throws what a node said that could not do it in time
   */
  wait(timeoutMs: number): Promise<void> {
    return this.#wanted.wait(timeoutMs)
  }

  get #nodes(): number {
    return this.#options.membership.leases.size
  }

  get #isLarge(): boolean {
    return this.#nodes > DIRECT_NODES_MAX
  }

  async #ask(timeoutMs: number): Promise<void> {
    const { peers, membership, clock } = this.#options
    const { controller } = membership
    if (!this.#isLarge || controller === undefined || controller === peers.nodeId) {
      return this.#everyone.wait(timeoutMs)
    }
    const until = clock.now() + timeoutMs
    try {
      await peers.call(controller, FLUSH_ALL_CALL, timeoutMs, timeoutMs)
    } catch (error) {
      if (!hasCode(error, 'owner_unavailable')) throw error
      await this.#everyone.wait(Math.max(0, until - clock.now()))
    }
  }

  /** @throws once all have answered */
  async #askAll(timeoutMs: number): Promise<void> {
    const { peers, membership, barrier } = this.#options
    const others = [...membership.leases.keys()].filter((node) => node !== peers.nodeId)
    const calls = others.map((node) => peers.call(node, FLUSH_CALL, timeoutMs, timeoutMs))
    const flushes = [barrier(timeoutMs), ...calls]
    await Promise.allSettled(flushes)
    await Promise.all(flushes)
  }
}

/** What another node asks for, within bounds. */
function flushMs(params: unknown): number {
  return typeof params === 'number' ? Math.min(Math.max(params, 0), FLUSH_MS_MAX) || 0 : 0
}

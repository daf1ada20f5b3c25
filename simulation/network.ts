/**
 * The network between simulated nodes: messages are late, lost, doubled and out of order.
 *
 * Each message is on its own. The way from one node to another may be closed, in one direction or
 * both; a message that arrives at a closed way is lost. Nothing is ever changed on the way.
 */
import type { NodeId } from '../links/ids.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

export interface NetworkFaults {
  /** How likely each is for a message, from 0 to 1. */
  readonly lost: number
  readonly doubled: number
  readonly slow: number
}

export const CALM_NETWORK: NetworkFaults = { lost: 0, doubled: 0, slow: 0 }

const DELAY_MS_MIN = 0.05
const DELAY_MS_MAX = 1.5
const SLOW_MS_MAX = 1_500

export class Network<Station extends { readonly nodeId: NodeId }> {
  readonly scheduler: Scheduler
  readonly #random: Random
  readonly #peers = new Map<NodeId, Station>()
  readonly #closed = new Set<string>()
  faults = CALM_NETWORK

  constructor(scheduler: Scheduler, random: Random) {
    this.scheduler = scheduler
    this.#random = random
  }

  join(peers: Station): void {
    this.#peers.set(peers.nodeId, peers)
  }

  leave(node: NodeId): void {
    this.#peers.delete(node)
  }

  has(node: NodeId): boolean {
    return this.#peers.has(node)
  }

  get nodes(): IterableIterator<NodeId> {
    return this.#peers.keys()
  }

  close(from: NodeId, to: NodeId): void {
    this.#closed.add(`${from} ${to}`)
  }

  open(): void {
    this.#closed.clear()
  }

  isClosed(from: NodeId, to: NodeId): boolean {
    return this.#closed.has(`${from} ${to}`)
  }

  /** Whether any other node could be heard. */
  hears(node: NodeId): boolean {
    const others = [...this.nodes].filter((other) => other !== node)
    return others.length === 0 || others.some((other) => !this.isClosed(other, node))
  }

  /** Delivers once, twice, late or never. */
  send(from: NodeId, to: NodeId, deliver: (peers: Station) => void): void {
    const { lost, doubled } = this.faults
    if (this.#random.chance(lost)) return
    for (let copies = this.#random.chance(doubled) ? 2 : 1; copies > 0; copies--) {
      this.scheduler.after(this.#delayMs(), () => {
        const peers = this.#peers.get(to)
        if (peers !== undefined && !this.isClosed(from, to)) deliver(peers)
      })
    }
  }

  #delayMs(): number {
    const isSlow = this.#random.chance(this.faults.slow)
    return this.#random.between(DELAY_MS_MIN, isSlow ? SLOW_MS_MAX : DELAY_MS_MAX)
  }
}

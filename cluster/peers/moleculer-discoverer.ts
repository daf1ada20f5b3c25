/**
 * How Moleculer's nodes notice each other: as it does itself, but with rarer heartbeats in a large cluster.
 *
 * Used by `moleculer-peers.ts`. A heartbeat goes to every node, so one of each node in each second would
 * be a number of messages that grows with the square of the nodes. They are as far apart as keeps what a
 * node hears below NODES_PER_SECOND, and as much later a silent node is forgotten; it is asked nothing
 * by then, because its lease has run out. Nodes of older programs, which forget whoever is silent for three
 * seconds, are spared: while there is one, all goes by the second.
 */
import { Discoverers } from 'moleculer'

/** Up to so many nodes each beats once a second. */
const NODES_PER_SECOND = 20
/** A node is forgotten after so many missing heartbeats, to twice as many. */
const MISSING_MAX = 3
/** Longer than the others take to forget a node that was killed. */
const RESTLESS_BEATS = 10

/** @param isBySecond whether a node is there that expects a heartbeat each second */
export function heartbeatSeconds(nodes: number, isBySecond: boolean): number {
  return isBySecond ? 1 : Math.max(1, Math.ceil(nodes / NODES_PER_SECOND))
}

export class CalmDiscoverer extends Discoverers.Local {
  /** Of the class that this one extends, which does not declare it. */
  declare readonly opts: { heartbeatTimeout: number }
  readonly #isBySecond: () => boolean
  #due = 0
  /** Heartbeats until all know, as this node does, that there is no older program. */
  #restless = 0

  constructor(isBySecond: () => boolean) {
    super()
    this.#isBySecond = isBySecond
  }

  /** Called about once a second. */
  override async beat(): Promise<void> {
    this.#restless = this.#isBySecond() ? RESTLESS_BEATS : Math.max(0, this.#restless - 1)
    this.#due++
    if (this.#due < heartbeatSeconds(this.#known(), this.#restless > 0)) return
    this.#due = 0
    await super.beat()
  }

  override checkRemoteNodes(): void {
    const seconds = heartbeatSeconds(this.#known(), this.#isBySecond())
    this.opts.heartbeatTimeout = MISSING_MAX * seconds
    super.checkRemoteNodes()
  }

  #known(): number {
    return this.registry.nodes.toArray().filter(({ available }) => available).length
  }
}

/**
 * Peers in memory: for tests and simulations, which want the contract, and its faults, without
 * servers.
 *
 * A `MemoryNetwork` connects the nodes that join it. Its rule decides about each message: how often
 * it arrives, and after how long. Nodes can be cut off and healed. Time is the clock's, and what has
 * no delay arrives in a microtask, so a run is as deterministic as rule and clock. Messages are
 * copied as JSON, so that nothing passes here that a real network would not carry.
 */
import assert from 'node:assert/strict'
import { systemClock, type Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import { toError, toFailure, type PeerFailure } from '../peers/peer-failure.ts'
import type { PeerHandler, Peers } from '../peers/peers.ts'

export interface PeerMessage {
  readonly kind: 'call' | 'answer' | 'broadcast'
  readonly name: string
  readonly from: NodeId
  readonly to: NodeId
}

/** One delay in milliseconds for each time that the message arrives; none: it is lost. */
export type NetworkRule = (message: PeerMessage) => readonly number[]

export interface MemoryNetworkOptions {
  readonly clock?: Clock
}

export class MemoryNetwork {
  /** May be replaced at any time; messages on their way keep theirs. */
  rule: NetworkRule = () => [0]
  readonly clock: Clock
  readonly #nodes = new Map<NodeId, MemoryPeers>()
  readonly #cut = new Set<NodeId>()

  constructor({ clock = systemClock }: MemoryNetworkOptions = {}) {
    this.clock = clock
  }

  join(nodeId: NodeId): MemoryPeers {
    assert(!this.#nodes.has(nodeId), `${nodeId} is here already`)
    const peers = new MemoryPeers(this, nodeId)
    this.#nodes.set(nodeId, peers)
    return peers
  }

  leave(nodeId: NodeId): void {
    this.#nodes.delete(nodeId)
  }

  /** From now on nothing reaches the node or leaves it, what is on its way included. */
  cut(nodeId: NodeId): void {
    this.#cut.add(nodeId)
  }

  heal(nodeId: NodeId): void {
    this.#cut.delete(nodeId)
  }

  has(nodeId: NodeId): boolean {
    return this.#nodes.has(nodeId)
  }

  isCut(nodeId: NodeId): boolean {
    return this.#cut.has(nodeId)
  }

  others(nodeId: NodeId): readonly NodeId[] {
    return [...this.#nodes.keys()].filter((other) => other !== nodeId)
  }

  send(message: PeerMessage, arrive: (peers: MemoryPeers) => void): void {
    const deliver = () => {
      const peers = this.#nodes.get(message.to)
      const isCut = this.#cut.has(message.from) || this.#cut.has(message.to)
      if (peers !== undefined && !isCut) arrive(peers)
    }
    for (const delayMs of this.rule(message)) {
      if (delayMs === 0) queueMicrotask(deliver)
      else this.clock.after(delayMs, deliver)
    }
  }
}

interface PeerAnswer {
  readonly result?: unknown
  readonly failure?: PeerFailure
}

export class MemoryPeers implements Peers {
  readonly nodeId: NodeId
  readonly #network: MemoryNetwork
  readonly #handlers = new Map<string, PeerHandler>()
  readonly #listeners = new Map<string, ((params: unknown, from: NodeId) => void)[]>()
  #isClosed = false

  constructor(network: MemoryNetwork, nodeId: NodeId) {
    this.#network = network
    this.nodeId = nodeId
  }

  get isConnected(): boolean {
    return !this.#isClosed && !this.#network.isCut(this.nodeId)
  }

  async open(): Promise<void> {}

  handle(name: string, handler: PeerHandler): void {
    assert(!this.#handlers.has(name), `${name} has a handler`)
    this.#handlers.set(name, handler)
  }

  call(node: NodeId, name: string, params: unknown, timeoutMs: number): Promise<unknown> {
    if (!this.isConnected || !this.#network.has(node)) return Promise.reject(unreachable(node))
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const cancel = this.#network.clock.after(timeoutMs, () => reject(unreachable(node)))
    const question = { kind: 'call', name, from: this.nodeId, to: node } as const
    const sent = copyOf(params)
    this.#network.send(question, (callee) => {
      void callee.#answer(name, sent, this.nodeId).then((answer) => {
        const reply = { kind: 'answer', name, from: node, to: this.nodeId } as const
        this.#network.send(reply, () => {
          cancel()
          if (answer.failure === undefined) resolve(answer.result)
          else reject(toError(answer.failure))
        })
      })
    })
    return promise
  }

  broadcast(name: string, params: unknown): void {
    if (!this.isConnected) return
    const sent = copyOf(params)
    for (const to of this.#network.others(this.nodeId)) {
      this.#network.send({ kind: 'broadcast', name, from: this.nodeId, to }, (peers) => {
        for (const listener of peers.#listeners.get(name) ?? []) listener(sent, this.nodeId)
      })
    }
  }

  listen(name: string, listener: (params: unknown, from: NodeId) => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#network.leave(this.nodeId)
  }

  async #answer(name: string, params: unknown, from: NodeId): Promise<PeerAnswer> {
    try {
      const handler = this.#handlers.get(name)
      if (handler === undefined) throw unreachable(this.nodeId)
      return { result: copyOf(await handler(params, from)) }
    } catch (error) {
      return { failure: copyOf(toFailure(error)) as PeerFailure }
    }
  }
}

function unreachable(node: NodeId): TinygridError {
  return new TinygridError('owner_unavailable', { detail: `${node} does not answer` })
}

function copyOf(data: unknown): unknown {
  return data === undefined ? undefined : JSON.parse(JSON.stringify(data))
}

/**
 * The peers seam of one simulated node, over the simulated network.
 *
 * Params and answers go through JSON, as they would on a wire. A doubled call runs its handler twice;
 * the caller sees the first answer that reaches it in time.
 */
import assert from 'node:assert/strict'
import { TinygridError, type ErrorCode, type ErrorDetails } from '../links/errors.ts'
import type { NodeId } from '../links/ids.ts'
import type { PeerHandler, Peers } from '../cluster/peers/peers.ts'
import type { Network } from './network.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Story } from './story.ts'

type Listener = (params: unknown, from: NodeId) => void
type Answer =
  | { readonly kind: 'result'; readonly text: string | undefined }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly details: ErrorDetails }

export interface SimulatedPeersOptions {
  readonly nodeId: NodeId
  readonly process: SimulatedProcess
  readonly network: Network<SimulatedPeers>
  readonly story: Story
  /** A handler failed with what is no operating error. */
  readonly onBug: (error: unknown) => void
}

export class SimulatedPeers implements Peers {
  readonly nodeId: NodeId
  readonly #options: SimulatedPeersOptions
  readonly #handlers = new Map<string, PeerHandler>()
  readonly #listeners = new Map<string, Listener[]>()
  #isClosed = false

  constructor(options: SimulatedPeersOptions) {
    this.#options = options
    this.nodeId = options.nodeId
    options.network.join(this)
  }

  get isConnected(): boolean {
    return !this.#isClosed && this.#options.network.hears(this.nodeId)
  }

  async open(): Promise<void> {}

  handle(name: string, handler: PeerHandler): void {
    assert(!this.#handlers.has(name), `${name} has a handler`)
    this.#handlers.set(name, handler)
  }

  listen(name: string, listener: Listener): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener])
  }

  call(node: NodeId, name: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const { process, network, story } = this.#options
    const text = JSON.stringify(params)
    story.tell(process.name, () => `calls ${node} ${name} ${text}`)
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new TinygridError('owner_unavailable'))
      const isHopeless = this.#isClosed || !network.has(node)
      const cancel = process.clock.after(isHopeless ? 0 : timeoutMs, giveUp)
      if (isHopeless) return
      network.send(this.nodeId, node, (peer) => {
        peer.take(name, text, this.nodeId, (answer) => {
          process.receive(() => {
            cancel()
            settle(answer, resolve, reject)
          })
        })
      })
    })
  }

  broadcast(name: string, params: unknown): void {
    if (this.#isClosed) return
    const { process, network, story } = this.#options
    const text = JSON.stringify(params)
    story.tell(process.name, () => `tells all ${name} ${text}`)
    for (const node of network.nodes) {
      if (node === this.nodeId) continue
      network.send(this.nodeId, node, (peer) => peer.hear(name, text, this.nodeId))
    }
  }

  /** A call arrives; `reply` carries the answer to the caller's process, if it gets there. */
  take(
    name: string,
    text: string | undefined,
    from: NodeId,
    reply: (answer: Answer) => void,
  ): void {
    const { process, network, story } = this.#options
    process.receive(() => {
      void this.#handle(name, text, from).then((answer) => {
        story.tell(process.name, () => `answers ${from} ${name}: ${describe(answer)}`)
        network.send(this.nodeId, from, () => reply(answer))
      })
    })
  }

  /** A broadcast arrives. */
  hear(name: string, text: string | undefined, from: NodeId): void {
    this.#options.process.receive(() => {
      for (const listener of this.#listeners.get(name) ?? []) listener(parse(text), from)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#options.network.leave(this.nodeId)
  }

  async #handle(name: string, text: string | undefined, from: NodeId): Promise<Answer> {
    try {
      const handler = this.#handlers.get(name)
      if (handler === undefined) throw new TinygridError('owner_unavailable')
      return { kind: 'result', text: JSON.stringify(await handler(parse(text), from)) }
    } catch (error) {
      if (!(error instanceof TinygridError)) this.#options.onBug(error)
      return errorAnswer(error)
    }
  }
}

function errorAnswer(error: unknown): Answer {
  if (!(error instanceof TinygridError)) return { kind: 'error', code: 'internal', details: {} }
  const { code, message: detail, field, retryAfterSeconds, owner } = error
  const details = { detail, field, retryAfterSeconds, owner }
  return { kind: 'error', code, details: JSON.parse(JSON.stringify(details)) as ErrorDetails }
}

function settle(
  answer: Answer,
  resolve: (value: unknown) => void,
  reject: (error: TinygridError) => void,
): void {
  if (answer.kind === 'result') resolve(parse(answer.text))
  else reject(new TinygridError(answer.code, answer.details))
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text)
}

function describe(answer: Answer): string {
  return answer.kind === 'result' ? String(answer.text) : answer.code
}

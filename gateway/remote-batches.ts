/**
 * Requests of one kind to other nodes, gathered: one call per node and event-loop turn.
 *
 * Used by `remote-owners.ts`. A call costs both nodes as much as some dozen redirects, so what
 * comes up in one turn for one node travels together, in order, CALL_REQUESTS_MAX at a time. Each
 * request gets its own answer or error. How many may wait is bounded; one more is refused with
 * owner_unavailable. Nothing is tried again here.
 */
import { TinygridError } from '../cluster/errors.ts'
import type { NodeId } from '../cluster/ids.ts'
import {
  CALL_REQUESTS_MAX,
  encodeRequests,
  parseAnswers,
  type Answer,
  type OwnerRequest,
} from '../cluster/owner-protocol.ts'
import type { Peers } from '../cluster/peers.ts'

interface Waiting<Answered> {
  readonly request: OwnerRequest<unknown>
  readonly resolve: (answer: Answered) => void
  readonly reject: (error: TinygridError) => void
}

export interface RemoteBatchesOptions<Answered> {
  readonly peers: Peers
  /** The name of the call. */
  readonly name: string
  readonly timeoutMs: number
  readonly parse: (value: unknown) => Answer<Answered>
  /** Runs the action at the end of this event-loop turn. */
  readonly defer: (action: () => void) => void
  /** A call to the node begins; it ends when the promise does. */
  readonly onCall?: (node: NodeId, call: Promise<unknown>) => void
}

/** Requests that may wait for an answer, over all nodes. */
const REQUESTS_WAITING_MAX = 10_000

export class RemoteBatches<Request, Answered> {
  readonly #options: RemoteBatchesOptions<Answered>
  /** What this turn has gathered. */
  #gathered = new Map<NodeId, Waiting<Answered>[]>()
  /** Invariant: how many promises are open. */
  #waiting = 0

  constructor(options: RemoteBatchesOptions<Answered>) {
    this.#options = options
  }

  /** @throws TinygridError what the node refuses with; owner_unavailable if it does not answer */
  ask(node: NodeId, request: OwnerRequest<Request>): Promise<Answered> {
    if (this.#waiting >= REQUESTS_WAITING_MAX) {
      const detail = 'Too many requests wait for other nodes'
      return Promise.reject(new TinygridError('owner_unavailable', { detail }))
    }
    this.#waiting++
    return new Promise((resolve, reject) => {
      if (this.#gathered.size === 0) this.#options.defer(() => this.#send())
      const waiting = { request, resolve, reject }
      const gathered = this.#gathered.get(node)
      if (gathered === undefined) this.#gathered.set(node, [waiting])
      else gathered.push(waiting)
    })
  }

  #send(): void {
    const gathered = this.#gathered
    this.#gathered = new Map()
    for (const [node, waiting] of gathered) {
      for (let from = 0; from < waiting.length; from += CALL_REQUESTS_MAX) {
        void this.#call(node, waiting.slice(from, from + CALL_REQUESTS_MAX))
      }
    }
  }

  async #call(node: NodeId, batch: readonly Waiting<Answered>[]): Promise<void> {
    const { peers, name, timeoutMs, parse, onCall } = this.#options
    try {
      const params = encodeRequests(batch.map(({ request }) => request))
      const call = peers.call(node, name, params, timeoutMs)
      onCall?.(node, call)
      settle(batch, parseAnswers(await call, batch.length, parse))
    } catch (error) {
      const refusal = asOperatingError(error)
      for (const { reject } of batch) reject(refusal)
    } finally {
      this.#waiting -= batch.length
    }
  }
}

function settle<Answered>(
  batch: readonly Waiting<Answered>[],
  answers: readonly Answer<Answered>[],
): void {
  for (const [index, { resolve, reject }] of batch.entries()) {
    const answer = answers[index] as Answer<Answered>
    if (answer instanceof TinygridError) reject(answer)
    else resolve(answer)
  }
}

function asOperatingError(error: unknown): TinygridError {
  // A node of another version may not understand the call: that is not the client's fault.
  if (error instanceof TinygridError && error.code !== 'bad_request') return error
  return new TinygridError('owner_unavailable', { cause: error })
}

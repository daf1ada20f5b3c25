/**
 * Requests of one kind to other nodes, gathered: one call per node and event-loop turn.
 *
 * Used by `remote-owners.ts`. A call costs both nodes as much as some dozen redirects, so what
 * comes up in one turn for one node travels together, in order, as many at a time as the limits of a
 * call allow. Each request gets its own answer or error; what did not fit into the answer is asked again. How many may wait is bounded; one more is
 * refused with owner_unavailable. Nothing is tried again here.
 *
 * Rejected: a bound on the calls that are under way to a node, while more is gathered for it. That
 * made fewer calls, but each cost more, since nodes and NATS slept and woke in between.
 */
import { TinygridError } from '../links/errors.ts'
import type { NodeId } from '../links/ids.ts'
import {
  parseAnswers,
  parseUnsent,
  type Answer,
  type CallLimits,
  type OwnerRequest,
} from '../cluster/peers/owner-protocol.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import { withMarks } from '../cluster/peers/request-marks.ts'
import type { RequestMark } from '../links/request-mark.ts'
import { markedCall } from './marked-calls.ts'

/** Who waits for an answer. Exactly one of the two is called, once; neither may throw. */
export interface Asker<Answered> {
  readonly resolve: (answer: Answered) => void
  readonly reject: (error: unknown) => void
}

interface Waiting<Request, Answered> {
  readonly request: OwnerRequest<Request>
  readonly asker: Asker<Answered>
  readonly mark: RequestMark | undefined
}

export interface RemoteBatchesOptions<Request, Answered> {
  readonly peers: Peers
  /** The name of the call. */
  readonly name: string
  readonly timeoutMs: number
  readonly encode: (requests: readonly OwnerRequest<Request>[]) => unknown
  readonly parse: (value: unknown, what: Request) => Answer<Answered>
  readonly limits: CallLimits
  /** At least what the request takes in a call, and its answer; 0 if left out. */
  readonly bytesOf?: (what: Request) => number
  /** Runs the action at the end of this event-loop turn. */
  readonly defer: (action: () => void) => void
  /** A call to the node begins; it ends when the promise does. */
  readonly onCall?: (node: NodeId, call: Promise<unknown>) => void
}

/** Requests that may wait for an answer, over all nodes. */
const REQUESTS_WAITING_MAX = 10_000

export class RemoteBatches<Request, Answered> {
  readonly #options: RemoteBatchesOptions<Request, Answered>
  /** What this turn has gathered. */
  #gathered = new Map<NodeId, Waiting<Request, Answered>[]>()
  /** Invariant: how many askers were not told anything. */
  #waiting = 0

  constructor(options: RemoteBatchesOptions<Request, Answered>) {
    this.#options = options
  }

  /** The asker is told the answer, what the node refuses with, or owner_unavailable. */
  ask(node: NodeId, request: OwnerRequest<Request>, asker: Asker<Answered>): void {
    if (this.#waiting >= REQUESTS_WAITING_MAX) {
      const detail = 'Too many requests wait for other nodes'
      return asker.reject(new TinygridError('owner_unavailable', { detail }))
    }
    this.#waiting++
    if (this.#gathered.size === 0) this.#options.defer(() => this.#send())
    const waiting = { request, ...markedCall(this.#options.name, node, asker) }
    const gathered = this.#gathered.get(node)
    if (gathered === undefined) this.#gathered.set(node, [waiting])
    else gathered.push(waiting)
  }

  #send(): void {
    const gathered = this.#gathered
    this.#gathered = new Map()
    for (const [node, waiting] of gathered) {
      for (const batch of this.#batchesOf(waiting)) void this.#call(node, batch)
    }
  }

  *#batchesOf(waiting: Waiting<Request, Answered>[]): Generator<Waiting<Request, Answered>[]> {
    const { limits, bytesOf } = this.#options
    let from = 0
    let bytes = 0
    for (const [index, { request }] of waiting.entries()) {
      const more = bytesOf?.(request.what) ?? 0
      const isFull = index - from >= limits.requestsMax || bytes + more > limits.bytesMax
      if (isFull && index > from) {
        yield waiting.slice(from, index)
        from = index
        bytes = 0
      }
      bytes += more
    }
    yield waiting.slice(from)
  }

  async #call(node: NodeId, batch: readonly Waiting<Request, Answered>[]): Promise<void> {
    const { answers, unsent } = await this.#answersOf(node, batch)
    settle(batch, answers, unsent)
    this.#waiting -= batch.length - unsent.size
    if (unsent.size === 0) return
    void this.#call(
      node,
      batch.filter((_, index) => unsent.has(index)),
    )
  }

  async #answersOf(
    node: NodeId,
    batch: readonly Waiting<Request, Answered>[],
  ): Promise<Answers<Answered>> {
    const { peers, name, timeoutMs, encode, parse, onCall } = this.#options
    try {
      const requests = batch.map(({ request }) => request)
      const params = withMarks(
        encode(requests),
        batch.map(({ mark }) => mark),
      )
      const call = peers.call(node, name, params, timeoutMs)
      onCall?.(node, call)
      const reply = await call
      const answers = parseAnswers(reply, requests, parse)
      return { answers, unsent: parseUnsent(reply, requests.length) }
    } catch (error) {
      return { answers: asOperatingError(error), unsent: NONE }
    }
  }
}

interface Answers<Answered> {
  /** An error stands for the answer to all of them. */
  readonly answers: readonly Answer<Answered>[] | TinygridError
  /** Places of the requests that are to be asked again. */
  readonly unsent: ReadonlySet<number>
}

const NONE: ReadonlySet<number> = new Set()

function settle<Answered>(
  batch: readonly Waiting<unknown, Answered>[],
  answers: readonly Answer<Answered>[] | TinygridError,
  unsent: ReadonlySet<number>,
): void {
  for (const [index, { asker }] of batch.entries()) {
    if (unsent.has(index)) continue
    const answer = answers instanceof TinygridError ? answers : (answers[index] as Answer<Answered>)
    if (answer instanceof TinygridError) asker.reject(answer)
    else asker.resolve(answer)
  }
}

function asOperatingError(error: unknown): TinygridError {
  // A node of another version may not understand the call: that is not the client's fault.
  if (error instanceof TinygridError && error.code !== 'bad_request') return error
  return new TinygridError('owner_unavailable', { cause: error })
}

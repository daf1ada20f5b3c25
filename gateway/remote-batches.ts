/**
 * Requests of one kind to other nodes, gathered: one call per node and event-loop turn, or fewer.
 *
 * Used by `remote-owners.ts`. A call costs both nodes as much as some dozen redirects, so what
 * comes up in one turn for one node travels together, in order, CALL_REQUESTS_MAX at a time. With
 * `callsInFlightMax`, what comes up while that many calls to the node are under way waits for the
 * first of them to end: the busier a node is, the more it is asked at once. It waits no longer than
 * GATHER_MAX_MS, nor once a call is full, so that a node that is stuck holds up nobody for long.
 * Each request gets its own answer or error. How many may wait is bounded; one more is refused with
 * owner_unavailable. Nothing is tried again here.
 */
import type { Clock } from '../cluster/clock.ts'
import { TinygridError } from '../cluster/errors.ts'
import type { NodeId } from '../cluster/ids.ts'
import {
  CALL_REQUESTS_MAX,
  parseAnswers,
  type Answer,
  type OwnerRequest,
} from '../cluster/owner-protocol.ts'
import type { Peers } from '../cluster/peers.ts'

/** How long a request waits for others at most. */
export const GATHER_MAX_MS = 5

/** Who waits for an answer. Exactly one of the two is called, once; neither may throw. */
export interface Asker<Answered> {
  readonly resolve: (answer: Answered) => void
  readonly reject: (error: unknown) => void
}

interface Waiting<Request, Answered> {
  readonly request: OwnerRequest<Request>
  readonly asker: Asker<Answered>
}

/** What is gathered for one node. */
interface Gathering<Request, Answered> {
  waiting: Waiting<Request, Answered>[]
  /** Calls to the node that are under way. */
  calls: number
  /** The end of this turn sends what may be sent. */
  isDue: boolean
  /** Ends the wait of those that wait longer than a turn; undefined: none do. */
  cancelWait: (() => void) | undefined
}

export interface RemoteBatchesOptions<Request, Answered> {
  readonly peers: Peers
  /** The name of the call. */
  readonly name: string
  readonly timeoutMs: number
  readonly encode: (requests: readonly OwnerRequest<Request>[]) => unknown
  readonly parse: (value: unknown) => Answer<Answered>
  readonly clock: Clock
  /** Runs the action at the end of this event-loop turn. */
  readonly defer: (action: () => void) => void
  /** A call to the node begins; it ends when the promise does. */
  readonly onCall?: (node: NodeId, call: Promise<unknown>) => void
  /** Calls to one node while more is gathered for it; no bound if left out. */
  readonly callsInFlightMax?: number
}

/** Requests that may wait for an answer, over all nodes. */
const REQUESTS_WAITING_MAX = 10_000

export class RemoteBatches<Request, Answered> {
  readonly #options: RemoteBatchesOptions<Request, Answered>
  readonly #callsInFlightMax: number
  /** Invariant: each has calls under way, or requests that wait. */
  readonly #nodes = new Map<NodeId, Gathering<Request, Answered>>()
  /** Invariant: how many askers were not told anything. */
  #waiting = 0

  constructor(options: RemoteBatchesOptions<Request, Answered>) {
    this.#options = options
    this.#callsInFlightMax = options.callsInFlightMax ?? Number.POSITIVE_INFINITY
  }

  /** The asker is told the answer, what the node refuses with, or owner_unavailable. */
  ask(node: NodeId, request: OwnerRequest<Request>, asker: Asker<Answered>): void {
    if (this.#waiting >= REQUESTS_WAITING_MAX) {
      const detail = 'Too many requests wait for other nodes'
      return asker.reject(new TinygridError('owner_unavailable', { detail }))
    }
    this.#waiting++
    const gathering = this.#gatheringFor(node)
    gathering.waiting.push({ request, asker })
    this.#schedule(node, gathering)
  }

  #gatheringFor(node: NodeId): Gathering<Request, Answered> {
    let gathering = this.#nodes.get(node)
    if (gathering === undefined) {
      gathering = { waiting: [], calls: 0, isDue: false, cancelWait: undefined }
      this.#nodes.set(node, gathering)
    }
    return gathering
  }

  /** At the end of this turn if a call may begin, or else when one ends, or when it takes too long. */
  #schedule(node: NodeId, gathering: Gathering<Request, Answered>): void {
    if (gathering.isDue) return
    if (this.#mayCall(gathering)) {
      gathering.isDue = true
      return this.#options.defer(() => this.#endOfTurn(node, gathering))
    }
    gathering.cancelWait ??= this.#options.clock.after(GATHER_MAX_MS, () => {
      gathering.cancelWait = undefined
      while (gathering.waiting.length > 0) this.#begin(node, gathering)
    })
  }

  #mayCall({ waiting, calls }: Gathering<Request, Answered>): boolean {
    return calls < this.#callsInFlightMax || waiting.length >= CALL_REQUESTS_MAX
  }

  #endOfTurn(node: NodeId, gathering: Gathering<Request, Answered>): void {
    gathering.isDue = false
    while (gathering.waiting.length > 0 && this.#mayCall(gathering)) this.#begin(node, gathering)
    if (gathering.waiting.length > 0) this.#schedule(node, gathering)
  }

  #begin(node: NodeId, gathering: Gathering<Request, Answered>): void {
    const { waiting } = gathering
    const isAll = waiting.length <= CALL_REQUESTS_MAX
    gathering.waiting = isAll ? [] : waiting.slice(CALL_REQUESTS_MAX)
    if (isAll) {
      gathering.cancelWait?.()
      gathering.cancelWait = undefined
    }
    void this.#call(node, gathering, isAll ? waiting : waiting.slice(0, CALL_REQUESTS_MAX))
  }

  async #call(
    node: NodeId,
    gathering: Gathering<Request, Answered>,
    batch: readonly Waiting<Request, Answered>[],
  ): Promise<void> {
    gathering.calls++
    settle(batch, await this.#answersOf(node, batch))
    this.#waiting -= batch.length
    this.#end(node, gathering)
  }

  /** An error stands for the answer to all of them. */
  async #answersOf(
    node: NodeId,
    batch: readonly Waiting<Request, Answered>[],
  ): Promise<readonly Answer<Answered>[] | TinygridError> {
    const { peers, name, timeoutMs, encode, parse, onCall } = this.#options
    try {
      const params = encode(batch.map(({ request }) => request))
      const call = peers.call(node, name, params, timeoutMs)
      onCall?.(node, call)
      return parseAnswers(await call, batch.length, parse)
    } catch (error) {
      return asOperatingError(error)
    }
  }

  #end(node: NodeId, gathering: Gathering<Request, Answered>): void {
    gathering.calls--
    if (gathering.waiting.length > 0) this.#schedule(node, gathering)
    else if (gathering.calls === 0) this.#nodes.delete(node)
  }
}

function settle<Answered>(
  batch: readonly Waiting<unknown, Answered>[],
  answers: readonly Answer<Answered>[] | TinygridError,
): void {
  for (const [index, { asker }] of batch.entries()) {
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

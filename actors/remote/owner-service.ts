/**
 * The owner service: answers what gateways of other nodes ask of the partitions here.
 *
 * Started once per node that owns partitions, over the peers seam; `cluster/peers/owner-protocol.ts` says
 * how calls look. A call holds many requests, each of which gets its own answer. Look-ups are
 * answered in the same turn, by memory alone. Everything else may have to wait for the log or the
 * store: after some time the call is answered with what there is by then, and what is not decided
 * says owner_unavailable, so that one slow read does not cost the others their answer.
 *
 * Guarantees: writes of one call are submitted in its order. A write that is asked for again while
 * it is under way joins itself, and soon after gets the answer it had. A caller that knows of a later
 * epoch than this node is not answered: this node may have been replaced. What is wrong with one
 * request, or fails in deciding it, is the answer to that one alone. It decides nothing about links.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import { tracedFor } from '../../links/tracing.ts'
import {
  encodeAnswers,
  OWNER_CALLS,
  parseCodes,
  parseRequests,
  WRITES_LIMITS,
  type Answer,
  type Asked,
} from '../../cluster/peers/owner-protocol.ts'
import { encodeLink, encodeLookup, encodeWriteResult } from '../../cluster/peers/owner-values.ts'
import { parseWriteRequest } from '../../cluster/peers/write-requests.ts'
import {
  encodeResolved,
  parseResolveRequest,
  RESOLVE_LIMITS,
  type ResolveRequest,
} from '../../cluster/peers/resolve-values.ts'
import { parseMarks } from '../../cluster/peers/request-marks.ts'
import type { Peers } from '../../cluster/peers/peers.ts'
import type { Placement } from '../../cluster/table/placement.ts'
import type { LinkOwner, WriteRequest } from '../../links/link-owner.ts'
import type { Ring } from '../../links/ring.ts'
import type { AskedCodes } from './asked-codes.ts'
import { RecentWrites } from './recent-writes.ts'
import { tellRefused, type MarkedCall, type RefusedRequest } from './refused-requests.ts'

export interface OwnerServiceOptions {
  readonly ring: Ring
  readonly peers: Peers
  readonly owner: LinkOwner
  readonly placement: Placement
  /**
   * In which epoch this node has opened a partition itself, if it has: callers may know before this
   * node that the table says so too.
   */
  readonly openedEpochOf?: (partition: PartitionId) => Epoch | undefined
  /** Told what other nodes ask for, whose near caches keep the answers. */
  readonly asked?: Pick<AskedCodes, 'note'>
  readonly clock: Clock
  readonly now: () => EpochMs
  /** Told of requests that are refused for what went wrong here, where they have an id. */
  readonly onRefused?: ((refused: RefusedRequest) => void) | undefined
  /** Told of what is no operating error: a fault of the program. */
  readonly onError: (what: string, error: unknown) => void
}

/** How long a call may wait; below the caller's own time-out. */
const FIND_WAIT_MS = 80
const READ_WAIT_MS = 800
const WRITE_WAIT_MS = 800

/** Answers calls from now on. */
export function serveOwner(options: OwnerServiceOptions): void {
  const { peers, owner, now, clock, asked, onRefused } = options
  const noted = <T>(call: MarkedCall, answers: readonly Answer<T>[]) => {
    if (onRefused !== undefined) tellRefused(call, answers, onRefused)
    return answers
  }

  peers.handle(OWNER_CALLS.lookup, (params, from) => {
    const time = now()
    const at = clock.now()
    const call = markedCall(OWNER_CALLS.lookup, params, from)
    const answers = answerEach(options, call, parseCodes(params), codeItself, (code) => {
      asked?.note(code, at)
      return owner.lookup(code, time)
    })
    return encodeAnswers(answers, encodeLookup)
  })

  peers.handle(OWNER_CALLS.find, async (params, from) => {
    const call = markedCall(OWNER_CALLS.find, params, from)
    const at = clock.now()
    const finds = answerEach(options, call, parseCodes(params), codeItself, async (code) => {
      asked?.note(code, at)
      return (await owner.find(code)).lookup
    })
    return encodeAnswers(noted(call, await settle(options, finds, FIND_WAIT_MS)), encodeLookup)
  })

  peers.handle(OWNER_CALLS.resolve, async (params, from) => {
    const call = markedCall(OWNER_CALLS.resolve, params, from)
    const requests = parseRequests(params, parseResolveRequest, RESOLVE_LIMITS)
    const resolved = answerEach(options, call, requests, codeOf, ({ code, visitor }) => {
      return owner.resolve(code, visitor)
    })
    const settled = noted(call, await settle(options, resolved, FIND_WAIT_MS))
    return encodeAnswers(settled, encodeResolved)
  })

  peers.handle(OWNER_CALLS.read, async (params, from) => {
    const call = markedCall(OWNER_CALLS.read, params, from)
    const codes = parseCodes(params)
    const reads = answerEach(options, call, codes, codeItself, (code) => owner.read(code))
    return encodeAnswers(noted(call, await settle(options, reads, READ_WAIT_MS)), encodeLink)
  })

  const writes = new RecentWrites(owner, clock)
  peers.handle(OWNER_CALLS.write, async (params, from) => {
    const call = markedCall(OWNER_CALLS.write, params, from)
    const requests = parseRequests(params, parseWriteRequest, WRITES_LIMITS)
    const answers = answerEach(options, call, requests, codeOf, (one) => writes.write(one))
    const settled = noted(call, await settle(options, answers, WRITE_WAIT_MS))
    return encodeAnswers(settled, (result, index) => {
      const request = requests[index]!
      return request instanceof TinygridError ? result : encodeWriteResult(result, request.what)
    })
  })
}

function markedCall(call: string, params: unknown, from: NodeId): MarkedCall {
  return { call, from, marks: parseMarks(params) }
}

const codeItself = (code: Code): Code => code
const codeOf = ({ code }: WriteRequest | ResolveRequest): Code => code

/** What throws for one request is the answer to that one. */
function answerEach<T, Given>(
  options: OwnerServiceOptions,
  { call, marks }: MarkedCall,
  requests: readonly Asked<T>[],
  codeIn: (what: T) => Code,
  answer: (what: T) => Given,
): (Given | TinygridError)[] {
  return requests.map((request, index) => {
    if (request instanceof TinygridError) return request
    const { what, epoch } = request
    try {
      const partition = options.ring.partitionOf(codeIn(what))
      const refusal = refusalOf(options, partition, epoch)
      if (refusal !== undefined) return refusal
      const mark = marks[index]
      if (mark === undefined) return answer(what)
      const attributes = { 'tinygrid.node': options.peers.nodeId, 'tinygrid.partition': partition }
      return tracedFor(mark, call, { kind: 'server', attributes }, () => answer(what))
    } catch (error) {
      return asOperatingError(error, options.onError)
    }
  })
}

/** Why this node must not answer for the partition to a caller that knows of `epoch`. */
function refusalOf(
  { peers, placement, openedEpochOf }: OwnerServiceOptions,
  partition: PartitionId,
  epoch: Epoch,
): TinygridError | undefined {
  const placed = placement.ownerOf(partition)
  if (epoch > placed.epoch) {
    //   1. this node, A, owns a partition and freezes   2. B takes it over, in a later epoch
    //   3. A wakes and has not heard of it               4. a caller that has asks A
    const isOpenedHere = openedEpochOf?.(partition) === epoch
    return isOpenedHere ? undefined : new TinygridError('not_owner')
  }
  if (placed.owner === peers.nodeId) return undefined
  if (placed.owner === null) return new TinygridError('not_owner')
  const hint = { owner: placed.owner, epoch: placed.epoch }
  return new TinygridError('not_owner', { owner: hint })
}

/** Each answer or error, in order; owner_unavailable for what takes longer than `ms`. */
function settle<T>(
  { clock, onError }: Pick<OwnerServiceOptions, 'clock' | 'onError'>,
  work: readonly (Promise<Answer<T>> | TinygridError)[],
  ms: number,
): Promise<readonly Answer<T>[]> {
  const undecided = new TinygridError('owner_unavailable')
  const answers = work.map((one): Answer<T> => (one instanceof TinygridError ? one : undecided))
  return new Promise((resolve) => {
    let waiting = 0
    const end = () => {
      cancel()
      resolve(answers)
    }
    const cancel = clock.after(ms, end)
    const note = (index: number, answer: Answer<T>) => {
      answers[index] = answer
      if (--waiting === 0) end()
    }
    for (const [index, one] of work.entries()) {
      if (one instanceof TinygridError) continue
      waiting++
      one.then(
        (answer) => note(index, answer),
        (error: unknown) => note(index, asOperatingError(error, onError)),
      )
    }
    if (waiting === 0) end()
  })
}

function asOperatingError(error: unknown, onError: OwnerServiceOptions['onError']): TinygridError {
  if (error instanceof TinygridError) return error
  onError('a request of another node failed', error)
  return new TinygridError('internal', { cause: error })
}

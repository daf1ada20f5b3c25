/**
 * The source of a hand-off: moves one partition from this node to another, while it serves.
 *
 *   1. streams every link to the target, and which operations it knows, then what changed
 *      meanwhile, until that is little and the target has no other partition to open
 *   2. seals: writes wait; what is under way ends
 *   3. asks the target to open, with the last changes; the target appends its epoch record
 *   4. the caller releases the partition
 *
 * Reads are answered here until then. If the target fails before 3, nothing has happened. If it
 * fails in 3, it may have opened the partition or may do so later: then the source asks again for as
 * long as the target lives, and otherwise opens a still newer epoch itself.
 * Rejected: letting the target read the store, which may be away and knows nothing of dirty links.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import { pause, type Clock } from '../../links/clock.ts'
import { hasCode } from '../../links/errors.ts'
import type { Code, Epoch, LogPosition, NodeId, PartitionId } from '../../links/ids.ts'
import { tracedRoot } from '../../links/tracing.ts'
import type { Peers } from '../../cluster/peers/peers.ts'
import { decodeLogRecord, encodeLogRecord } from '../../persistence/log/log-record.ts'
import type { Log } from '../../persistence/log/log.ts'
import {
  LOAD_CALL,
  OPEN_CALL,
  packOperations,
  packVersions,
  parseOpened,
  type Loaded,
  type LoadMessage,
  type Opened,
  type OpenMessage,
} from './hand-off-message.ts'
import { isOperation, isVersion, HandOffPieces, type Entry } from './hand-off-pieces.ts'
import type { Actor } from '../partition/actor-effects.ts'
import type { PartitionHost } from '../partition/partition-host.ts'

export interface HandOffSourceOptions {
  readonly nodeId: NodeId
  readonly host: PartitionHost
  readonly log: Log
  readonly peers: Peers
  readonly clock: Clock
  /** Whether this node still is to hand the partition to that one. */
  readonly isWanted: (partition: PartitionId, to: NodeId) => boolean
  /** The version of the newest table here. */
  readonly tableVersion: () => number
  /** A new, unique name for a move. */
  readonly nextMove: () => string
  /** Of the records in a message, roughly; PIECE_BYTES if left out. */
  readonly pieceBytes?: number
}

/**
 * moved: the target has opened the partition in this epoch; writes wait since `sealedAt`.
 * kept: it is still served here. lost: somebody else has opened it. gone: this node has given it up meanwhile, for whatever reason.
 */
export type HandOffOutcome =
  | { readonly kind: 'moved'; readonly epoch: Epoch; readonly sealedAt: number }
  | { readonly kind: 'kept' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'gone' }

const CALL_TIMEOUT_MS = 1_000
const RETRY_PAUSE_MS = 50
/** Changed links, or operations, that may be left for the sealed part of a move. */
const TAIL_MAX = 100
/** Rounds of sending changes; under a flood of writes the last one is just longer. */
const TAIL_ROUNDS_MAX = 20
/** Of records, as they are; a message is half as much again, far below the 1 MB that NATS takes. */
const PIECE_BYTES = 32 * 1024

type Stage = LoadMessage['stage']

export class HandOffSource {
  readonly #options: HandOffSourceOptions
  /**
   * What changed since its move began, by partition that is being moved. A move of a partition that
   * was given up meanwhile, and is here again, may still be waiting for an answer: it is replaced.
   */
  readonly #tails = new Map<PartitionId, Map<Code, LinkVersion>>()

  constructor(options: HandOffSourceOptions) {
    this.#options = options
  }

  /** The host has applied these. */
  noteApplied(partition: PartitionId, versions: readonly LinkVersion[]): void {
    const tail = this.#tails.get(partition)
    if (tail !== undefined) for (const version of versions) tail.set(version.code, version)
  }

  /** Moves the partition, which this node serves. Rejects only if an invariant is broken. */
  run(partition: PartitionId, to: NodeId): Promise<HandOffOutcome> {
    const attributes = { 'tinygrid.partition': partition, 'tinygrid.node': to }
    return tracedRoot('partition.hand_over', attributes, () => this.#run(partition, to))
  }

  async #run(partition: PartitionId, to: NodeId): Promise<HandOffOutcome> {
    const tail = new Map<Code, LinkVersion>()
    this.#tails.set(partition, tail)
    try {
      const move = new Move(this.#options, partition, to, tail)
      const isStreamed = await move.stream()
      if (!move.isHere) return { kind: 'gone' }
      return isStreamed ? await move.finish() : { kind: 'kept' }
    } finally {
      if (this.#tails.get(partition) === tail) this.#tails.delete(partition)
    }
  }
}

class Move {
  readonly #options: HandOffSourceOptions
  readonly #partition: PartitionId
  readonly #to: NodeId
  readonly #name: string
  readonly #actor: Actor
  readonly #wasComplete: boolean
  readonly #tableVersion: number
  readonly #pieces: HandOffPieces
  #sequence = 0

  /** @param tail what changes from now on */
  constructor(
    options: HandOffSourceOptions,
    partition: PartitionId,
    to: NodeId,
    tail: Map<Code, LinkVersion>,
  ) {
    this.#options = options
    this.#partition = partition
    this.#to = to
    this.#name = options.nextMove()
    this.#tableVersion = options.tableVersion()
    this.#actor = options.host.actors.get(partition)!
    this.#wasComplete = this.#actor.memory.isComplete
    this.#pieces = new HandOffPieces(this.#actor, tail, options.pieceBytes ?? PIECE_BYTES)
  }

  /** Step 1. False: it cannot be done now. */
  async stream(): Promise<boolean> {
    if (!(await this.#recall())) return false
    if (!(await this.#load(this.#pieces.everything(), 'bulk'))) return false
    for (let round = 0; round < TAIL_ROUNDS_MAX && this.#pieces.left > TAIL_MAX; round++) {
      if (!(await this.#load(this.#pieces.changes(), 'bulk'))) return false
    }
    // With what is left, and from its answer on the target lets other partitions wait.
    return this.#load(this.#pieces.changes(), 'last')
  }

  /** Steps 2 and 3. */
  async finish(): Promise<HandOffOutcome> {
    const { clock, host } = this.#options
    const sealedAt = clock.now()
    await host.seal(this.#partition)
    if (!this.isHere) return { kind: 'gone' }
    const { epoch, lastPosition, memory } = this.#actor
    const isComplete = this.#wasComplete && memory.isComplete
    const pieces = [...this.#pieces.changes()]
    const last = pieces.pop()!
    if (!(await this.#load(pieces, 'sealed'))) return this.#reopen()
    const message = { ...this.#message(last, 'sealed'), epoch, lastPosition, isComplete }
    while (this.isHere && this.#isWanted) {
      const answer = await this.#open(message)
      const opened = answer?.opened
      if (opened === null) break
      if (opened !== undefined && this.isHere) {
        return { kind: 'moved', epoch: opened.epoch, sealedAt }
      }
      await this.#pause()
    }
    return this.#reopen()
  }

  /** Takes the partition back, unless somebody has written to its log who is not the target. */
  async #reopen(): Promise<HandOffOutcome> {
    while (this.isHere) {
      try {
        const opened = await this.#tryReopen()
        if (!this.isHere) break
        if (opened === undefined) return { kind: 'lost' }
        this.#options.host.unseal(this.#partition, opened.epoch, opened.position)
        return { kind: 'kept' }
      } catch (error) {
        if (!hasCode(error, 'log_replaced', 'log_uncertain', 'log_unavailable', 'log_full')) {
          throw error
        }
        await this.#pause()
      }
    }
    return { kind: 'gone' }
  }

  async #tryReopen(): Promise<{ epoch: Epoch; position: LogPosition } | undefined> {
    const { log, nodeId } = this.#options
    let last = this.#actor.lastPosition
    let { epoch } = this.#actor
    for await (const { position, payload } of log.readAfter(this.#partition, last)) {
      const record = decodeLogRecord(payload)
      // The target may have opened the partition by this move, or this node have taken it back. An
      // epoch without the move is a take-over, even if it is the target's: this node was given up.
      if (record.kind !== 'epoch' || record.move !== this.#name) return undefined
      last = position
      epoch = record.epoch
    }
    epoch = (epoch + 1) as Epoch
    const record = encodeLogRecord({ kind: 'epoch', epoch, nodeId, move: this.#name })
    return { epoch, position: await log.append(this.#partition, record, last, 'epoch') }
  }

  get isHere(): boolean {
    return this.#options.host.actors.get(this.#partition) === this.#actor
  }

  get #isWanted(): boolean {
    return this.#options.isWanted(this.#partition, this.#to)
  }

  /**
   * Waits for the operations that a take-over has left for later: they go in order, and would have to
   * be read while writes wait. False: it cannot be done now.
   */
  async #recall(): Promise<boolean> {
    const { operations } = this.#actor
    if (!operations.isComplete) this.#options.host.recall(this.#partition)
    while (!operations.isComplete) {
      await this.#pause()
      if (!this.isHere || !this.#isWanted) return false
    }
    return true
  }

  async #load(pieces: Iterable<readonly Entry[]>, stage: Stage): Promise<boolean> {
    for (const piece of pieces) {
      if (!this.isHere || !this.#isWanted) return false
      const answer = await this.#call<Loaded>(LOAD_CALL, this.#message(piece, stage))
      if (answer?.isKnown !== true) return false
      this.#sequence++
    }
    return true
  }

  #message(entries: readonly Entry[], stage: Stage): LoadMessage {
    return {
      partition: this.#partition,
      move: this.#name,
      sequence: this.#sequence,
      tableVersion: this.#tableVersion,
      stage,
      versions: packVersions(entries.filter(isVersion)),
      operations: packOperations(entries.filter(isOperation)),
    }
  }

  async #open(message: OpenMessage): Promise<Opened | undefined> {
    try {
      const { peers } = this.#options
      return parseOpened(await peers.call(this.#to, OPEN_CALL, message, CALL_TIMEOUT_MS))
    } catch (error) {
      // Somebody else has written to the log: asking again would be refused for ever.
      return hasCode(error, 'log_replaced') ? { opened: null } : undefined
    }
  }

  /** undefined: no answer, or an error; what came of it is not known. */
  async #call<Answer>(name: string, message: LoadMessage): Promise<Answer | undefined> {
    try {
      return (await this.#options.peers.call(this.#to, name, message, CALL_TIMEOUT_MS)) as Answer
    } catch {
      return undefined
    }
  }

  #pause(): Promise<void> {
    return pause(this.#options.clock, RETRY_PAUSE_MS)
  }
}

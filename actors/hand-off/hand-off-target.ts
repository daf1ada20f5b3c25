/**
 * The target of a hand-off: takes a partition's links in, and opens it when the source is done.
 *
 * Answers the calls of `hand-off-source.ts`. Opening appends this node's epoch record right behind
 * the source's last entry: if anything has come in between, the log refuses and nothing is opened.
 * An opened partition is adopted sealed: it takes no write until the table names this node.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { Clock } from '../../links/clock.ts'
import { hasCode, TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, LogPosition, NodeId, PartitionId } from '../../links/ids.ts'
import type { Peers } from '../../cluster/peers/peers.ts'
import { decodeLogRecord, encodeLogRecord } from '../../persistence/log/log-record.ts'
import type { Log } from '../../persistence/log/log.ts'
import {
  LOAD_CALL,
  OPEN_CALL,
  parseLoadMessage,
  parseOpenMessage,
  unpackOperations,
  unpackVersions,
  type Loaded,
  type LoadMessage,
  type Opened,
  type OpenMessage,
} from './hand-off-message.ts'
import { HandOffQuiet } from './hand-off-quiet.ts'
import { Operations } from '../partition/operations.ts'
import type { PartitionMemory } from '../memory/partition-memory.ts'
import type { OpenedMemory } from '../ownership/recovery.ts'

export interface HandOffTargetOptions {
  readonly nodeId: NodeId
  readonly log: Log
  readonly peers: Peers
  readonly clock: Clock
  readonly newMemory: () => PartitionMemory
  /** Whether this node may take the partition in: it does not have it, and is not cut off. */
  readonly mayTake: (partition: PartitionId) => boolean
  /** Takes an opened partition in, with its dirty versions in order of position. */
  readonly onOpen: (opened: OpenedMemory, dirty: readonly LinkVersion[]) => void
}

interface Incoming {
  readonly move: string
  readonly tableVersion: number
  readonly memory: PartitionMemory
  /** Newest version per code that the store may lack. */
  readonly dirty: Map<Code, LinkVersion>
  readonly operations: Operations
  nextSequence: number
  /** The opening under way, or done; what it answers is answered again. */
  opening?: Promise<Opened>
}

const APPEND_ATTEMPTS_MAX = 5

export class HandOffTarget {
  readonly #options: HandOffTargetOptions
  readonly #incoming = new Map<PartitionId, Incoming>()
  readonly #quiet: HandOffQuiet

  constructor(options: HandOffTargetOptions) {
    this.#options = options
    this.#quiet = new HandOffQuiet(options.clock)
    options.peers.handle(LOAD_CALL, (params) => this.#answerLoad(parseLoadMessage(params)))
    options.peers.handle(OPEN_CALL, (params) => this.#open(parseOpenMessage(params)))
  }

  /** Nothing more comes of the move of this partition to here. */
  forget(partition: PartitionId): void {
    this.#incoming.delete(partition)
    this.#quiet.end(partition)
  }

  /** Whether a move of the partition to here was begun by a newer table than this one. */
  isAheadOf(partition: PartitionId, tableVersion: number): boolean {
    return (this.#incoming.get(partition)?.tableVersion ?? 0) > tableVersion
  }

  forgetAll(): void {
    this.#incoming.clear()
    this.#quiet.endAll()
  }

  async #answerLoad(message: LoadMessage): Promise<Loaded> {
    const loaded = this.#load(message)
    const { partition, stage } = message
    if (loaded.isKnown && stage === 'bulk') await this.#quiet.untilNone(partition)
    if (loaded.isKnown && stage === 'last') await this.#quiet.begin(partition)
    return loaded
  }

  #load(message: LoadMessage): Loaded {
    const { partition, move, sequence } = message
    if (sequence === 0 && this.#incoming.get(partition)?.move !== move) {
      if (!this.#options.mayTake(partition)) return { isKnown: false }
      this.#incoming.set(partition, this.#begin(message))
    }
    const incoming = this.#incoming.get(partition)
    if (incoming?.move !== move || sequence > incoming.nextSequence) return { isKnown: false }
    if (sequence === incoming.nextSequence) {
      takeIn(incoming, message)
      // Only now: a piece that could not be taken in (there was no memory) must come again whole.
      incoming.nextSequence++
    }
    return { isKnown: true }
  }

  #begin({ move, tableVersion }: LoadMessage): Incoming {
    const memory = this.#options.newMemory()
    memory.startLoad()
    const [dirty, operations] = [new Map<Code, LinkVersion>(), new Operations()]
    return { move, tableVersion, memory, dirty, operations, nextSequence: 0 }
  }

  async #open(message: OpenMessage): Promise<Opened> {
    const { isKnown } = this.#load(message)
    const incoming = this.#incoming.get(message.partition)
    if (!isKnown || incoming === undefined) return { opened: null }
    incoming.opening ??= this.#openOnce(message, incoming)
    try {
      return await incoming.opening
    } catch (error) {
      delete incoming.opening
      throw error
    }
  }

  async #openOnce(message: OpenMessage, incoming: Incoming): Promise<Opened> {
    const { partition } = message
    const epoch = (message.epoch + 1) as Epoch
    const position = await this.#appendEpoch(message, epoch)
    if (this.#incoming.get(partition) !== incoming || !this.#options.mayTake(partition)) {
      this.#incoming.delete(partition)
      return { opened: null }
    }
    const { memory, operations, dirty } = incoming
    if (message.isComplete) memory.endLoad()
    else memory.abandonLoad()
    const inOrder = [...dirty.values()].sort((a, b) => a.position - b.position)
    const opened = { id: partition, epoch, memory, operations, lastPosition: position }
    this.#options.onOpen(opened, inOrder)
    return { opened: { epoch, position } }
  }

  async #appendEpoch(message: OpenMessage, epoch: Epoch): Promise<LogPosition> {
    const { partition, move, lastPosition } = message
    const { log, nodeId } = this.#options
    const record = encodeLogRecord({ kind: 'epoch', epoch, nodeId, move })
    for (let attempt = 1; ; attempt++) {
      try {
        return await log.append(partition, record, lastPosition, 'epoch')
      } catch (error) {
        const own = hasCode(error, 'log_replaced') ? await this.#ownEpoch(message) : undefined
        if (own !== undefined) return own
        if (!hasCode(error, 'log_uncertain') || attempt === APPEND_ATTEMPTS_MAX) throw error
      }
    }
  }

  /** Where this node's record is, if it is the log's newest entry: an answer was lost on its way. */
  async #ownEpoch({
    partition,
    move,
    lastPosition,
  }: OpenMessage): Promise<LogPosition | undefined> {
    let found: LogPosition | undefined
    const { log, nodeId } = this.#options
    for await (const { position, payload } of log.readAfter(partition, lastPosition)) {
      const record = decodeLogRecord(payload)
      const isOwn = record.kind === 'epoch' && record.move === move && record.nodeId === nodeId
      if (!isOwn) throw new TinygridError('log_replaced')
      found = position
    }
    return found
  }
}

function takeIn({ memory, dirty, operations }: Incoming, message: LoadMessage): void {
  // All of it is read before any is taken in: a piece that is damaged leaves nothing behind.
  const [versions, remembered] = [
    unpackVersions(message.versions),
    unpackOperations(message.operations),
  ]
  for (const version of versions) {
    if (version.isDirty) {
      const known = dirty.get(version.code)
      if (known !== undefined && known.position >= version.position) continue
      memory.apply(version)
      dirty.set(version.code, version)
    } else if (!dirty.has(version.code)) {
      memory.load(version)
    }
  }
  for (const operation of remembered) operations.remember(operation)
}

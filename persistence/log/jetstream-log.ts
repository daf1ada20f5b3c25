/**
 * The log in NATS JetStream, for a cluster of several processes.
 *
 * Keeps the contract of `log.ts` for all nodes at once: a stream, or one of several, holds the entries of
 * a partition under a subject of its own, and their sequences in that stream are the positions.
 * An append names its subject's last sequence and the server refuses it if that is another one:
 * this is what stops a replaced owner. It is acknowledged when a majority of the stream's replicas
 * has it; whether each has synced it to disk is the servers' setting (`sync_interval`).
 *
 * Every call ends in bounded time, also while a server is dead or frozen, and works again once it is
 * back. Reads go to the stream's leader, or are checked against what it has told. One that was
 * deposed and does not know it yet can tell too little; what a node decides by such a read it has to
 * append, and that is refused. What this log itself has had acknowledged it misses in no read.
 *
 * Rejected: a stream for each partition. 256 replicated streams take 256 elections after each
 * restart of a server, and one subject costs a few bytes.
 */
import type { JetStreamManager, NatsConnection } from 'nats'
import { TinygridError } from '../../links/errors.ts'
import {
  POSITION_NONE,
  toLogPosition,
  type Code,
  type LogPosition,
  type PartitionId,
} from '../../links/ids.ts'
import { codeOfDeadLetter, namesOf, type ClusterNames } from '../../cluster/nats/namespace.ts'
import { isConnected, type OnUnanswered } from '../../cluster/nats/nats-connection.ts'
import { NatsRequests } from '../../cluster/nats/nats-requests.ts'
import { decodeDeadLetter, encodeDeadLetter } from './dead-letter.ts'
import { JetStreamAppends } from './jetstream-appends.ts'
import { appendFailureOf, unavailable } from './jetstream-failure.ts'
import { JetStreamSpread } from './jetstream-spread.ts'
import { openStreams, type StreamSettings } from './jetstream-streams.ts'
import { lastOf, readSubject, type StreamReader } from './jetstream-tail.ts'
import { JetStreamTrims } from './jetstream-trims.ts'
import { ForeignEntries, type ForeignEntriesOptions } from './foreign-entries.ts'
import type { AppendKind, DeadLetter, Log, LogEntry } from './log.ts'

export interface JetStreamLogOptions extends ForeignEntriesOptions, Omit<StreamSettings, 'names'> {
  /** As `connectNats` made and checked it. Stays its owner's: it is not closed here. */
  readonly connection: NatsConnection
  readonly namespace: string
  readonly onUnanswered?: OnUnanswered
  /** Told of a dead letter that is none. */
  readonly onForeignLetter?: (subject: string) => void
  /** Of each request to NATS; 2 s if left out. */
  readonly timeoutMs?: number | undefined
}

const REQUEST_TIMEOUT_MS = 2_000

export class JetStreamLog implements Log {
  readonly #connection: NatsConnection
  readonly #names: ClusterNames
  readonly #manager: JetStreamManager
  readonly #appends: JetStreamAppends
  readonly #log: JetStreamSpread
  readonly #letters: StreamReader
  readonly #trims = new JetStreamTrims((partition, upTo) => this.#purge(partition, upTo))
  readonly #foreign: ForeignEntries
  readonly #onForeignLetter: (subject: string) => void
  /** Of each partition the position of an entry of its owners; it may be trimmed since. */
  readonly #ownKnown = new Map<PartitionId, LogPosition>()
  /** Of each partition the highest position known to be in the log; it may be trimmed since. */
  readonly #known = new Map<PartitionId, LogPosition>()
  readonly #requests: NatsRequests
  #isClosed = false

  private constructor(
    options: JetStreamLogOptions,
    names: ClusterNames,
    manager: JetStreamManager,
  ) {
    const { connection, timeoutMs = REQUEST_TIMEOUT_MS } = options
    this.#connection = connection
    this.#foreign = new ForeignEntries(options)
    this.#onForeignLetter = options.onForeignLetter ?? (() => {})
    this.#names = names
    this.#manager = manager
    this.#appends = new JetStreamAppends(connection, timeoutMs)
    this.#letters = { connection, manager, stream: names.deadLetterStream, timeoutMs }
    this.#requests = new NatsRequests(connection, options.onUnanswered)
    const run = <T>(request: Promise<T>) => this.#requests.run(request)
    this.#log = new JetStreamSpread({ ...options, manager, run })
  }

  /**
   * Opens the cluster's log; makes it if there is none.
   *
   * @throws StartError if the server cannot keep it; ClusterDataError if it was made with others
   */
  static async open(options: JetStreamLogOptions): Promise<JetStreamLog> {
    const { connection, timeoutMs = REQUEST_TIMEOUT_MS } = options
    const names = namesOf(options.namespace)
    const api = { checkAPI: false, timeout: timeoutMs }
    const manager = await connection.jetstreamManager(api)
    await openStreams(manager, { ...options, names })
    const log = new JetStreamLog(options, names, manager)
    await log.#log.refresh()
    return log
  }

  async append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind: AppendKind = 'write',
  ): Promise<LogPosition> {
    const { usage } = this.#log.streamOf(partition)
    const append = (last: LogPosition) =>
      usage.keep(kind, payload.length, () => this.#append(partition, payload, last))
    const readAfter = (after: LogPosition) => this.#readAfter(partition, after)
    const position = await this.#foreign.append(expectedLast, append, readAfter)
    this.#ownKnown.set(partition, position)
    return position
  }

  async #append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
  ): Promise<LogPosition> {
    this.#refuseIfUnusable()
    const subject = this.#log.subjectOf(partition)
    try {
      const seq = await this.#run(this.#appends.append(subject, payload, expectedLast))
      this.#log.streamOf(partition).usage.add(payload.length)
      return this.#learn(partition, seq)
    } catch (cause) {
      const endsElsewhere = async () => (await this.last(partition)) !== expectedLast
      throw await appendFailureOf(cause, { partition, expectedLast }, endsElsewhere)
    }
  }

  async last(partition: PartitionId): Promise<LogPosition> {
    const known = this.#known.get(partition) ?? POSITION_NONE
    const { reader } = this.#log.streamOf(partition)
    const read = () => lastOf(reader, this.#log.subjectOf(partition))
    const message = await this.#requests.ask(read).catch((cause: unknown) => {
      throw unavailable(`reading the end of partition ${partition}`, cause)
    })
    const last = message?.seq ?? POSITION_NONE
    //   1. the leader is cut off from its replicas, which elect another    2. that one acknowledges
    //   3. the first still answers reads, with the last position it knew
    if (last < known) {
      const detail = `partition ${partition} is said to end at ${last}, but holds ${known}`
      throw new TinygridError('log_unavailable', { detail })
    }
    return this.#learn(partition, last)
  }

  readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    return this.#foreign.without(partition, this.#readAfter(partition, after))
  }

  async *#readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    const known = this.#known.get(partition) ?? POSITION_NONE
    try {
      const { reader } = this.#log.streamOf(partition)
      const filter = this.#log.subjectOf(partition)
      for await (const entry of readSubject(reader, filter, after, known)) {
        const previous = entry.previous as LogPosition | undefined
        yield { position: toLogPosition(entry.sequence), previous, payload: entry.payload }
      }
    } catch (cause) {
      throw unavailable(`reading partition ${partition}`, cause)
    }
  }

  async trim(partition: PartitionId, upTo: LogPosition): Promise<void> {
    this.#refuseIfUnusable()
    await this.#run(this.#trims.trim(partition, upTo))
  }

  async addDeadLetter(letter: DeadLetter): Promise<void> {
    this.#refuseIfUnusable()
    const { partition, key, position } = letter
    const subject = this.#names.deadLetterSubject(partition, key as Code)
    try {
      const held = await this.#letterUnder(subject, key)
      if (held !== undefined && held.position >= position) return
      //   1. a letter is sent, and given up    2. a later one of its key is kept
      //   3. the first one arrives, and is refused, since it expects another one before it
      await this.#run(this.#appends.append(subject, encodeDeadLetter(letter), held?.sequence ?? 0))
    } catch (cause) {
      throw unavailable(`keeping the dead letter of ${key}`, cause)
    }
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    try {
      const letters = readSubject(this.#letters, this.#names.deadLetterSubjects, 0, 0)
      for await (const { subject, payload } of letters) {
        const letter = decodeDeadLetter(codeOfDeadLetter(subject), payload)
        if (letter === undefined) this.#onForeignLetter(subject)
        else yield letter
      }
    } catch (cause) {
      throw unavailable('reading dead letters', cause)
    }
  }

  async removeDeadLetter(key: string, upTo: LogPosition): Promise<void> {
    this.#refuseIfUnusable()
    const filter = this.#names.deadLetterSubject(undefined, key as Code)
    try {
      const held = await this.#letterUnder(filter, key)
      if (held === undefined || held.position > upTo) return
      const query = { filter, seq: held.sequence + 1 }
      await this.#run(this.#manager.streams.purge(this.#letters.stream, query))
    } catch (cause) {
      throw unavailable(`removing the dead letter of ${key}`, cause)
    }
  }

  /** Leaders of streams are gone: what was asked of them is answered by nobody. */
  abandon(): void {
    this.#requests.abandon()
  }

  bytes(): number {
    return this.#log.bytes
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#log.stop()
    await this.#requests.close()
    this.#appends.close()
  }

  async #letterUnder(filter: string, key: string) {
    const message = await this.#requests.ask(() => lastOf(this.#letters, filter))
    if (message === undefined) return undefined
    const letter = decodeDeadLetter(key, Buffer.from(message.data))
    // What is no letter is older than any.
    return { sequence: message.seq, position: letter?.position ?? POSITION_NONE }
  }

  #refuseIfUnusable(): void {
    if (this.#isClosed) throw new TinygridError('log_unavailable', { detail: 'The log is closed' })
    if (!isConnected(this.#connection)) {
      throw new TinygridError('log_unavailable', { detail: 'The connection to NATS is down' })
    }
  }

  #run<T>(request: Promise<T>): Promise<T> {
    return this.#requests.run(request)
  }

  #learn(partition: PartitionId, position: number): LogPosition {
    const known = toLogPosition(position)
    if (known > (this.#known.get(partition) ?? POSITION_NONE)) this.#known.set(partition, known)
    return known
  }

  /** The last entry that is not foreign. */
  async #lastOwn(partition: PartitionId): Promise<LogPosition> {
    const last = await this.last(partition)
    if (last === POSITION_NONE) return last
    for await (const { position } of this.readAfter(partition, toLogPosition(last - 1))) {
      return position
    }
    let own = POSITION_NONE
    for await (const { position } of this.readAfter(partition, POSITION_NONE)) own = position
    return own
  }

  async #purge(partition: PartitionId, upTo: LogPosition): Promise<void> {
    const known = this.#ownKnown.get(partition) ?? POSITION_NONE
    // The last position only rises: what lies behind a known one is not the last. So nobody has to be
    // asked, but for an entry that another has appended. Foreign ones do not count: with the owners'
    // last entry the partition's epoch would be gone.
    const last = upTo <= known ? known : await this.#lastOwn(partition)
    if (last === POSITION_NONE) return
    const { reader, usage } = this.#log.streamOf(partition)
    const query = { filter: this.#log.subjectOf(partition), seq: Math.min(upTo + 1, last) }
    try {
      await this.#manager.streams.purge(reader.stream, query)
    } catch (cause) {
      throw unavailable(`trimming partition ${partition}`, cause)
    }
    usage.refreshSoon()
  }
}

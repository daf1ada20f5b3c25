/**
 * The click log in NATS JetStream, for a cluster: all nodes append to one stream, anyone reads.
 *
 * Each node has a subject of its own; the sequence in the stream is the position. An append resolves once
 * a majority of the stream's replicas has it. The server drops a batch whose id it has seen within
 * DUPLICATE_WINDOW_MS. Outages may be longer:
 *
 *   1. a batch is stored, and its acknowledgement lost    2. the server is away for ten minutes
 *   3. the batch is tried again, and the server knows its id no more
 *
 * so what was in doubt for longer is looked for first. Nothing waits for longer than some seconds, also on a
 * frozen server. Rejected: a consumer for each reader, which the server would have to keep for readers
 * that come and go; readers ask for what is new, twenty times a second while they wait.
 */
import { ErrorCode, NatsError, type JetStreamClient, type JetStreamManager } from 'nats'
import type { NatsConnection } from 'nats'
import { isConnected } from '../../cluster/nats/nats-connection.ts'
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import { readSubject } from '../../persistence/log/jetstream-tail.ts'
import type { ClickLogWriter } from './click-log.ts'
import {
  contentNames,
  DUPLICATE_WINDOW_MS,
  fitClickStream,
  openClickStream,
  type ClickStreamSettings,
} from './jetstream-click-stream.ts'

export interface JetStreamClickLogOptions extends ClickStreamSettings {
  /** As `connectNats` made and checked it. Stays its owner's: it is not closed here. */
  readonly connection: NatsConnection
  /** Whose batches these are. */
  readonly node: string
  readonly clock: Clock
  /** Of each request to NATS; 2 s if left out. */
  readonly timeoutMs?: number | undefined
}

/** After that a batch in doubt is looked for: well before its id is forgotten. */
const DOUBT_MS_MAX = DUPLICATE_WINDOW_MS / 5
/** Batches in doubt that are remembered; whoever appends keeps fewer. */
const DOUBTS_MAX = 4_096
const REQUEST_TIMEOUT_MS = 2_000
const NOT_HEARD: string = ErrorCode.NoResponders

interface Doubt {
  /** When it was sent first. */
  readonly since: number
  /** Position that the log had reached by then. */
  readonly after: number
}

export class JetStreamClickLog implements ClickLogWriter {
  readonly #options: JetStreamClickLogOptions
  readonly #manager: JetStreamManager
  readonly #client: JetStreamClient
  readonly #subject: string
  readonly #doubts = new Map<string, Doubt>()
  readonly #underWay = new Set<Promise<unknown>>()
  /** Highest position known to be in the log. */
  #known = 0
  /** Nobody heard the last append: the stream may have been removed. */
  #isMissing = false
  #isClosed = false

  private constructor(options: JetStreamClickLogOptions, manager: JetStreamManager) {
    this.#options = options
    this.#manager = manager
    const { connection, timeoutMs: timeout = REQUEST_TIMEOUT_MS } = options
    this.#client = connection.jetstream({ timeout })
    this.#subject = contentNames(options.namespace, options.content).subject(options.node)
  }

  /**
   * Opens the cluster's click log; makes it if there is none.
   *
   * @throws StartError if the server cannot keep it; ClusterDataError if it is another cluster's
   */
  static async open(options: JetStreamClickLogOptions): Promise<JetStreamClickLog> {
    const { timeoutMs: timeout = REQUEST_TIMEOUT_MS } = options
    const api = { checkAPI: false, timeout }
    const manager = await options.connection.jetstreamManager(api)
    await openClickStream(manager, options)
    const log = new JetStreamClickLog(options, manager)
    await log.#learnEnd().catch(() => {})
    return log
  }

  async append(id: string, payload: Uint8Array): Promise<void> {
    const appending = this.#append(id, payload).catch((cause: unknown) => {
      if (cause instanceof NatsError && cause.code === NOT_HEARD) this.#isMissing = true
      throw new TinygridError('click_log_unavailable', { cause })
    })
    this.#underWay.add(appending)
    try {
      await appending
    } finally {
      this.#underWay.delete(appending)
    }
  }

  /** Resolves when what was begun has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#underWay)
  }

  async #append(id: string, payload: Uint8Array): Promise<void> {
    const { connection, clock } = this.#options
    if (this.#isClosed) throw new Error('the click log is closed')
    // Otherwise the driver would keep it and send it later, whatever has become of it by then.
    if (!isConnected(connection)) throw new Error('the connection to NATS is down')
    if (this.#isMissing) {
      await fitClickStream(this.#manager, this.#options)
      this.#isMissing = false
    }
    const doubt = this.#doubts.get(id) ?? { since: clock.now(), after: this.#known }
    this.#remember(id, doubt)
    const isOld = clock.now() - doubt.since > DOUBT_MS_MAX
    if (!isOld || !(await this.#holds(payload, doubt.after))) {
      const { seq } = await this.#client.publish(this.#subject, payload, { msgID: id })
      this.#known = Math.max(this.#known, seq)
    }
    this.#doubts.delete(id)
  }

  #remember(id: string, doubt: Doubt): void {
    this.#doubts.set(id, doubt)
    if (this.#doubts.size > DOUBTS_MAX) this.#doubts.delete(this.#doubts.keys().next().value!)
  }

  /** Whether this node's batch is in the log behind a position. */
  async #holds(payload: Uint8Array, after: number): Promise<boolean> {
    const { stream } = this.#names
    const { connection, timeoutMs } = this.#options
    const reader = { connection, manager: this.#manager, stream, timeoutMs }
    for await (const entry of readSubject(reader, this.#subject, after, 0)) {
      if (entry.payload.equals(payload)) return true
    }
    return false
  }

  get #names() {
    return contentNames(this.#options.namespace, this.#options.content)
  }

  async #learnEnd(): Promise<void> {
    const { state } = await this.#manager.streams.info(this.#names.stream)
    this.#known = state.last_seq
  }
}

/**
 * The key-value store in NATS JetStream: the bucket that all nodes of a cluster agree by.
 *
 * Keeps the contract of `key-value.ts`, in the form that `nats kv` reads and writes. A change names
 * the last revision of its key and the server refuses it if that is another one. Reads are answered
 * by the leader of the bucket's stream, never by a replica that lags: direct reads are off. (A leader
 * that was deposed and does not know it yet may answer with a value it should not have; whatever a
 * node decides by it, it has to write, and that is refused.)
 *
 * Every call ends within CALL_TIMEOUT_MS, which is below the time after which a node fences itself,
 * so that a frozen server does not keep a node from noticing. While the connection is known to be
 * down, calls are refused at once; nothing is sent late that the caller has given up.
 *
 * Rejected: the driver's own `create`, which reads and writes again without a bound on the time.
 */
import assert from 'node:assert/strict'
import {
  Empty,
  ErrorCode,
  headers,
  NatsError,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
  type KV,
  type NatsConnection,
} from 'nats'
import { within } from '../../links/clock.ts'
import { TinygridError, StartError } from '../../links/errors.ts'
import type { KeyValue, KeyValueEntry, StopWatch } from '../membership/key-value.ts'
import { namesOf } from './namespace.ts'
import { isConnected, type OnUnanswered } from './nats-connection.ts'
import { KeyValueWatch, type BucketState } from './nats-key-value-watch.ts'
import { NatsRequests } from './nats-requests.ts'

export interface NatsKeyValueOptions {
  /** Stays its owner's: it is not closed here. */
  readonly connection: NatsConnection
  readonly namespace: string
  /** By default that of the table and the leases. */
  readonly bucket?: 'kvBucket' | 'privateBucket'
  /** Of the bucket; 1, 3 or 5. */
  readonly replicas: number
  /** For how long a deletion leaves its mark at least. */
  readonly marksKeptMs?: number
  /** Told of what no outage explains. */
  readonly onError?: (error: unknown) => void
  readonly onUnanswered?: OnUnanswered
  /** Of a whole call; below the time after which a lease is fenced. */
  readonly callTimeoutMs?: number
}

/** A lease is fenced 500 ms later. */
const CALL_TIMEOUT_MS = 1_000
const OPEN_TIMEOUT_MS = 5_000
/** An election among the servers, which may hold up everything, is over by then. */
const OPEN_MS_MAX = 20_000
const MARKS_KEPT_MS = 60 * 60 * 1000
const TIMEOUT: string = ErrorCode.Timeout
const OPERATION = 'KV-Operation'
/** Answers of the server, by its list of error codes. */
const MESSAGE_NOT_FOUND = 10037
const WRONG_LAST_SEQUENCE = 10071
/** Said by a server that looked in vain: there is no such key, or its store is closing just now. */
const NO_SEQUENCE = /: 0$/
const NO_REVISION = 0

/** The last message of a key: a value, or the mark of a deletion. */
interface LastMessage {
  readonly value: string | undefined
  readonly revision: number
}

export class NatsKeyValue implements KeyValue {
  readonly #connection: NatsConnection
  readonly #bucket: string
  readonly #kv: KV
  readonly #client: JetStreamClient
  readonly #manager: JetStreamManager
  readonly #marksKeptMs: number
  readonly #callTimeoutMs: number
  readonly #onError: ((error: unknown) => void) | undefined
  readonly #requests: NatsRequests
  readonly #watches = new Set<KeyValueWatch>()
  #isClosed = false

  private constructor(
    options: NatsKeyValueOptions,
    bucket: string,
    kv: KV,
    manager: JetStreamManager,
  ) {
    this.#connection = options.connection
    this.#marksKeptMs = options.marksKeptMs ?? MARKS_KEPT_MS
    this.#callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS
    this.#onError = options.onError
    this.#requests = new NatsRequests(options.connection, options.onUnanswered)
    this.#bucket = bucket
    this.#kv = kv
    this.#client = manager.jetstream()
    this.#manager = manager
  }

  /** Opens a bucket of the cluster; makes it if there is none. Waits while servers elect. @throws StartError */
  static async open(options: NatsKeyValueOptions): Promise<NatsKeyValue> {
    const bucket = namesOf(options.namespace)[options.bucket ?? 'kvBucket']
    const deadline = performance.now() + OPEN_MS_MAX
    while (true) {
      try {
        return await NatsKeyValue.#tryToOpen(options, bucket)
      } catch (cause) {
        if (isPassing(cause) && performance.now() < deadline) continue
        const detail = `The key-value bucket ${bucket} cannot be opened: ${descriptionOf(cause)}`
        throw new StartError(detail, { cause })
      }
    }
  }

  static async #tryToOpen(options: NatsKeyValueOptions, bucket: string): Promise<NatsKeyValue> {
    const { connection, replicas, callTimeoutMs = CALL_TIMEOUT_MS } = options
    const opening = { checkAPI: false, timeout: OPEN_TIMEOUT_MS }
    const settings = { replicas, history: 1, storage: StorageType.File, allow_direct: false }
    await connection.jetstream(opening).views.kv(bucket, settings)
    const calling = { checkAPI: false, timeout: callTimeoutMs }
    const manager = await connection.jetstreamManager(calling)
    const bound = { ...settings, bindOnly: true }
    const kv = await connection.jetstream(calling).views.kv(bucket, bound)
    return new NatsKeyValue(options, bucket, kv, manager)
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    const last = await this.#run(`reading ${key}`, () => this.#last(key))
    return last?.value === undefined ? undefined : { key, ...last }
  }

  async create(key: string, value: string): Promise<number> {
    return this.#run(`creating ${key}`, async () => {
      try {
        return await this.#publish(key, value, NO_REVISION)
      } catch (error) {
        const last = saysConflict(error) ? await this.#last(key) : undefined
        if (last === undefined || last.value !== undefined) throw error
        return await this.#publish(key, value, last.revision)
      }
    })
  }

  async update(key: string, value: string, expected: number): Promise<number> {
    assert(expected > NO_REVISION)
    return this.#run(`updating ${key}`, () => this.#change(key, value, expected))
  }

  async delete(key: string, expected: number): Promise<void> {
    assert(expected > NO_REVISION)
    await this.#run(`deleting ${key}`, () => this.#change(key, undefined, expected))
  }

  async watch(
    onEntry: (entry: KeyValueEntry) => void,
    onCurrent: () => void,
    keys?: readonly string[],
  ): Promise<StopWatch> {
    const watch = new KeyValueWatch({
      keys,
      connection: this.#connection,
      kv: this.#kv,
      readState: () => this.#readState(),
      removeMark: (key, revision) => this.#removeMark(key, revision),
      marksKeptMs: this.#marksKeptMs,
      onEntry,
      onCurrent,
      onError: this.#onError,
    })
    const stop = () => {
      this.#watches.delete(watch)
      watch.stop()
    }
    this.#watches.add(watch)
    try {
      await this.#run('watching', () => watch.begin())
      return stop
    } catch (error) {
      stop()
      throw error
    }
  }

  /** Leaders of streams are gone: what was asked of them is answered by nobody. */
  abandon(): void {
    this.#requests.abandon()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const watch of this.#watches) watch.stop()
    this.#watches.clear()
    await this.#requests.close()
  }

  async #change(key: string, value: string | undefined, expected: number): Promise<number> {
    try {
      return await this.#publish(key, value, expected)
    } catch (error) {
      if (!saysConflict(error) || !NO_SEQUENCE.test(error.message)) throw error
      //   1. the server stops, its store is closed    2. it looks the key up and finds nothing
      //   3. the node that renews its lease would take that for its own death
      const last = await this.#last(key)
      if (last?.revision === expected) throw new Error('the server is stopping', { cause: error })
      throw error
    }
  }

  async #publish(key: string, value: string | undefined, expected: number): Promise<number> {
    const sent = headers()
    if (value === undefined) sent.set(OPERATION, 'DEL')
    const publishing = this.#client.publish(`$KV.${this.#bucket}.${key}`, value ?? Empty, {
      headers: sent,
      timeout: this.#callTimeoutMs,
      expect: { lastSubjectSequence: expected },
    })
    return (await this.#requests.run(publishing)).seq
  }

  async #last(key: string): Promise<LastMessage | undefined> {
    try {
      const query = { last_by_subj: `$KV.${this.#bucket}.${key}` }
      const message = await this.#requests.ask(() =>
        this.#manager.streams.getMessage(`KV_${this.#bucket}`, query),
      )
      const isDeleted = message.header.get(OPERATION) !== ''
      return { value: isDeleted ? undefined : message.string(), revision: message.seq }
    } catch (error) {
      if (error instanceof NatsError && error.api_error?.err_code === MESSAGE_NOT_FOUND) return
      throw error
    }
  }

  async #readState(): Promise<BucketState> {
    const { state } = await this.#manager.streams.info(`KV_${this.#bucket}`)
    return { lastRevision: state.last_seq, isEmpty: state.messages === 0 }
  }

  #removeMark(key: string, revision: number): void {
    // Up to its revision only: the key may have been created again.
    const query = { filter: `$KV.${this.#bucket}.${key}`, seq: revision + 1 }
    this.#manager.streams.purge(`KV_${this.#bucket}`, query).catch(() => {
      // The next watch finds it again.
    })
  }

  async #run<T>(what: string, action: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw unavailable(what, new Error('the store is closed'))
    if (!isConnected(this.#connection)) throw unavailable(what, new Error('not connected to NATS'))
    try {
      return await within(this.#callTimeoutMs, 'the answer', action())
    } catch (cause) {
      if (!saysConflict(cause)) throw unavailable(what, cause)
      const detail = `${what} failed: ${cause.message}`
      throw new TinygridError('key_value_conflict', { cause, detail })
    }
  }
}

/** What servers do, or leave, while they elect: no answer in time. */
function isPassing(error: unknown): boolean {
  return error instanceof NatsError && error.code === TIMEOUT
}

function saysConflict(error: unknown): error is NatsError {
  return error instanceof NatsError && error.api_error?.err_code === WRONG_LAST_SEQUENCE
}

function unavailable(what: string, cause: unknown): TinygridError {
  const detail = `${what} failed: ${descriptionOf(cause)}`
  return new TinygridError('key_value_unavailable', { cause, detail })
}

function descriptionOf(cause: unknown): string {
  if (cause instanceof NatsError && cause.api_error !== undefined) {
    return cause.api_error.description
  }
  return cause instanceof Error ? cause.message : String(cause)
}

/**
 * A reader of the click log in JetStream: in a node, or in a process of its own.
 *
 * The stream's leader tells how far the log goes; any replica may answer what is read, so one that lags is
 * asked again until it has caught up. Readers leave nothing on the servers.
 */
import type { JetStreamManager, NatsConnection, StreamInfo } from 'nats'
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import { readBatch } from '../../persistence/log/jetstream-tail.ts'
import type { ClickLogReader, ClickLogSpan, LoggedBatch } from './click-log.ts'
import { contentNames, type StreamContent } from './jetstream-click-stream.ts'

export interface JetStreamClickReaderOptions {
  /** As `connectNats` made and checked it. Stays its owner's: it is not closed here. */
  readonly connection: NatsConnection
  readonly namespace: string
  /** Clicks, if it is left out. */
  readonly content?: StreamContent
  readonly clock: Clock
  /** Of each request to NATS; 2 s if left out. */
  readonly timeoutMs?: number | undefined
}

const REQUEST_TIMEOUT_MS = 2_000
const POLL_MS = 50
/** How long `more` waits for nothing. */
const WAIT_MS = 1_000
/** How long a replica may lag behind what the leader has told. */
const LAG_MS_MAX = 2_000
const LAG_PAUSE_MS = 20
/** What one read gives, and up to a batch of direct reads more. */
const READ_BYTES_MAX = 2 * 2 ** 20

export class JetStreamClickReader implements ClickLogReader {
  readonly #options: JetStreamClickReaderOptions
  readonly #stream: string
  readonly #subjects: string
  #manager: Promise<JetStreamManager> | undefined
  #isClosed = false

  constructor(options: JetStreamClickReaderOptions) {
    this.#options = options
    const { stream, subjects } = contentNames(options.namespace, options.content)
    this.#stream = stream
    this.#subjects = subjects
  }

  async read(after: number): Promise<readonly LoggedBatch[]> {
    try {
      return await this.#read(after)
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  async more(position: number, signal: AbortSignal): Promise<void> {
    const { clock, timeoutMs = REQUEST_TIMEOUT_MS } = this.#options
    const latest = clock.now() + WAIT_MS
    while (!signal.aborted && !this.#isClosed && clock.now() < latest) {
      const asking = this.#info().then(
        ({ state }) => state.last_seq > position,
        // Whoever reads will see it.
        () => false,
      )
      const { promise, end } = until(clock, timeoutMs, signal)
      const isThere = await Promise.race([asking, promise.then(() => false)])
      end()
      if (isThere) return
      await until(clock, POLL_MS, signal).promise
    }
  }

  async span(): Promise<ClickLogSpan> {
    try {
      const { state, config } = await this.#info()
      const { bytes, messages, first_seq: first, last_seq: last } = state
      const hasHeld = last >= Math.max(1, config.first_seq ?? 1)
      if (!hasHeld) return { firstPosition: 0, lastPosition: 0, bytes }
      return { firstPosition: messages === 0 ? last + 1 : first, lastPosition: last, bytes }
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  async #read(after: number): Promise<LoggedBatch[]> {
    const { connection, clock, timeoutMs } = this.#options
    const batches: LoggedBatch[] = []
    let bytes = 0
    let lagUntil = clock.now() + LAG_MS_MAX
    let { state } = await this.#info()
    let position = after
    // The last one is the last to be dropped.
    while (position < state.last_seq && state.messages > 0 && bytes < READ_BYTES_MAX) {
      const reader = { connection, manager: await this.#api(), stream: this.#stream, timeoutMs }
      const entries = await readBatch(reader, this.#subjects, position + 1)
      for (const { sequence, payload } of entries) {
        batches.push({ position: sequence, payload })
        bytes += payload.length
        position = sequence
      }
      if (entries.length > 0) continue
      if (batches.length > 0) break
      if (clock.now() > lagUntil) throw new Error(`no replica holds clicks to ${state.last_seq}`)
      await until(clock, LAG_PAUSE_MS).promise
      ;({ state } = await this.#info())
    }
    return batches
  }

  async #info(): Promise<StreamInfo> {
    if (this.#isClosed) throw new Error('the reader is closed')
    return (await this.#api()).streams.info(this.#stream)
  }

  async #api(): Promise<JetStreamManager> {
    const { timeoutMs: timeout = REQUEST_TIMEOUT_MS } = this.#options
    const api = { checkAPI: false, timeout }
    return (this.#manager ??= this.#options.connection.jetstreamManager(api))
  }
}

function unavailable(cause: unknown): TinygridError {
  return new TinygridError('click_log_unavailable', { cause })
}

/** Resolves after some time, when the signal is given, or when it is ended; none is left behind. */
function until(clock: Clock, ms: number, signal?: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, end)
  signal?.addEventListener('abort', end)
  return { promise, end }

  function end(): void {
    cancel()
    signal?.removeEventListener('abort', end)
    resolve()
  }
}

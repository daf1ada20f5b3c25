/**
 * The click log as it grows, for all who listen: read once, made into events once.
 *
 * Used by the events route. Reads only while somebody listens, and keeps what came last: up to
 * RECENT_EVENTS_MAX events and RECENT_CHARS_MAX of text. Each listener asks for what is behind its own
 * place: from there if it is kept, else from the log, one listener at a time and REPLAY_BYTES_MAX at
 * once. So who comes back misses nothing that the log still has, and a slow one holds up nobody.
 *
 * The log may be out of reach for a while: everybody waits. A batch that cannot be read is passed over.
 * Rejected: a queue for each listener, which holds what it does not read as often as there are listeners.
 */
import { pause, type Clock } from '../../links/clock.ts'
import { hasCode } from '../../links/errors.ts'
import type { LongWork } from '../../links/long-work.ts'
import type { ClickLogReader, LoggedBatch } from '../../clicks/log/click-log.ts'
import { liveBatch, type ClickParsing, type LiveBatch } from './live-event.ts'

const RECENT_EVENTS_MAX = 20_000
const RECENT_CHARS_MAX = 8 * 1024 * 1024
/** Of payloads: some ten thousand clicks. */
const REPLAY_BYTES_MAX = 256 * 1024
const AGAIN_MS = 1_000

export interface LiveFeedOptions {
  readonly log: Pick<ClickLogReader, 'read' | 'more' | 'span'>
  readonly parser: ClickParsing
  readonly work: LongWork
  readonly clock: Clock
  /** Told of faults; not of a log that is out of reach. */
  readonly onError: (error: unknown) => void
}

export interface NextBatches {
  readonly batches: readonly LiveBatch[]
  /** Where to go on from. */
  readonly upTo: number
  /** Whether the log no longer has some that came before them. */
  readonly hasGap: boolean
}

export class LiveFeed {
  readonly #options: LiveFeedOptions
  #listeners = 0
  /** Ends the reading; undefined: nobody listens. */
  #reading: AbortController | undefined
  /** Where the reading began. Rejects only if it was ended before. */
  #begun: Promise<void> = Promise.resolve()
  /** Invariant: every batch behind #keptAfter up to #last, rising. */
  #recent: LiveBatch[] = []
  /** Of #recent, together. */
  #events = 0
  #chars = 0
  #keptAfter = 0
  #last = 0
  #wake = Promise.withResolvers<void>()
  /** The replay that goes on; the next one waits for it. Never rejects. */
  #replay: Promise<unknown> = Promise.resolve()

  constructor(options: LiveFeedOptions) {
    this.#options = options
  }

  /** Begins to listen. Returns what ends it, to be called once. */
  join(): () => void {
    if (this.#listeners++ === 0) {
      this.#reading = new AbortController()
      void this.#read(this.#reading.signal)
    }
    return () => {
      if (--this.#listeners > 0) return
      this.#reading!.abort()
      this.#reading = undefined
    }
  }

  /** The end of the log, as far as it was read. Only while listening. */
  async end(): Promise<number> {
    await this.#begun
    return this.#last
  }

  /** Whether what is behind a position has to be read from the log once more. */
  isPast(position: number): boolean {
    return position < this.#keptAfter
  }

  /** What is behind a position, once there is something; nothing if `signal` is aborted. */
  async next(after: number, signal: AbortSignal): Promise<NextBatches> {
    await this.#begun
    while (!signal.aborted) {
      if (this.isPast(after)) {
        const found = await this.#replayed(after, signal)
        if (found !== undefined) return found
      } else if (after > this.#last) {
        // An id of another log: what came since cannot be told.
        return { batches: [], upTo: this.#last, hasGap: true }
      } else if (after < this.#last) {
        const known = this.#recent.findLastIndex(({ position }) => position <= after)
        return { batches: this.#recent.slice(known + 1), upTo: this.#last, hasGap: false }
      } else await settled(this.#wake.promise, signal)
    }
    return { batches: [], upTo: after, hasGap: false }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    const begun = this.#lastPosition(signal)
    this.#begun = begun.then((position) => {
      if (signal.aborted) return
      this.#recent = []
      this.#events = this.#chars = 0
      this.#last = this.#keptAfter = position
    })
    await this.#begun
    while (!signal.aborted) {
      const found = await this.#attempt(() => log.read(this.#last))
      for (const logged of found ?? []) {
        const batch = await this.#made(logged)
        if (signal.aborted) return
        this.#keep(batch)
      }
      if (found?.length === 0) await this.#attempt(() => log.more(this.#last, signal))
    }
  }

  async #lastPosition(signal: AbortSignal): Promise<number> {
    for (;;) {
      const span = await this.#attempt(() => this.#options.log.span())
      if (span !== undefined || signal.aborted) return span?.lastPosition ?? 0
    }
  }

  #keep(batch: LiveBatch): void {
    this.#recent.push(batch)
    this.#last = batch.position
    this.#events += batch.events.length
    this.#chars += batch.length
    while (this.#events > RECENT_EVENTS_MAX || this.#chars > RECENT_CHARS_MAX) {
      if (this.#recent.length === 1) break
      const oldest = this.#recent.shift()!
      this.#keptAfter = oldest.position
      this.#events -= oldest.events.length
      this.#chars -= oldest.length
    }
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  /** undefined: the log is out of reach, or nobody waits any more. */
  #replayed(after: number, signal: AbortSignal): Promise<NextBatches | undefined> {
    const replay = this.#replay.then(async () => {
      if (signal.aborted) return undefined
      const found = await this.#attempt(() => this.#options.log.read(after))
      if (found === undefined) return undefined
      // All that was there has been dropped meanwhile.
      if (found.length === 0) return { batches: [], upTo: this.#keptAfter, hasGap: true }
      const batches: LiveBatch[] = []
      for (const logged of within(found, REPLAY_BYTES_MAX)) batches.push(await this.#made(logged))
      const isNext = batches[0]!.position === after + 1
      const hasGap = !isNext && (await this.#isGone(after + 1))
      return { batches, upTo: batches.at(-1)!.position, hasGap }
    })
    this.#replay = replay.catch(() => {})
    return replay
  }

  async #isGone(position: number): Promise<boolean> {
    const span = await this.#attempt(() => this.#options.log.span())
    return span === undefined || span.firstPosition > position
  }

  async #made(logged: LoggedBatch): Promise<LiveBatch> {
    try {
      return await this.#options.work.run(liveBatch(logged, this.#options.parser), 'request')
    } catch (error) {
      this.#options.onError(error)
      return { position: logged.position, events: [], length: 0 }
    }
  }

  /** undefined: the log is out of reach, and some time has passed. */
  async #attempt<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call()
    } catch (error) {
      if (!hasCode(error, 'click_log_unavailable')) this.#options.onError(error)
      await pause(this.#options.clock, AGAIN_MS)
      return undefined
    }
  }
}

/** The first ones, with so many bytes together, but one at least. */
function* within(batches: readonly LoggedBatch[], bytesMax: number): Generator<LoggedBatch> {
  let bytes = 0
  for (const batch of batches) {
    bytes += batch.payload.byteLength
    if (bytes > bytesMax && batch !== batches[0]) return
    yield batch
  }
}

/** Resolves with the promise, or when `signal` is aborted. */
async function settled(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const onAbort = () => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  await Promise.race([promise, ended])
  signal.removeEventListener('abort', onAbort)
}

/**
 * A watch of a NATS bucket, or of some of its keys, that misses no change for ever.
 *
 * Used by `nats-key-value.ts`. The driver's watch is fast and, through an outage, not to be trusted:
 * its consumer lives in the server's memory and is gone with it, which the driver notices after some
 * ten seconds at best. So this begins a new one after each reconnection, and asks every CHECK_MS for
 * the bucket's last revision: a watch that has not come up to what was the last one a check ago is
 * replaced too. A new watch tells the newest entry of every key; what is known already is dropped.
 * Of some keys, one must change more often than that (a node's own lease does), or the watch is replaced
 * for nothing, again and again.
 *
 * Rejected: reading all keys every few seconds, which costs a read for each and finds changes late.
 */
import { Events, NatsError, type KV, type KvEntry, type NatsConnection } from 'nats'
import type { KeyValueEntry } from '../membership/key-value.ts'

export interface KeyValueWatchOptions {
  readonly connection: NatsConnection
  readonly kv: KV
  /** undefined: all. */
  readonly keys?: readonly string[] | undefined
  readonly readState: () => Promise<BucketState>
  /** Removes the mark of a deletion; repeating or failing does no harm. */
  readonly removeMark: (key: string, revision: number) => void
  readonly marksKeptMs: number
  readonly onEntry: (entry: KeyValueEntry) => void
  readonly onCurrent: () => void
  /** Told of what no outage explains; it is tried again nevertheless. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface BucketState {
  /** Of the newest change of any key, deletions too. */
  readonly lastRevision: number
  readonly isEmpty: boolean
}

/** Between two checks; a change that the driver's watch has lost comes at most two of them late. */
const CHECK_MS = 1_000
/** A server that has just started is connected to before it can answer for its streams. */
const RETRY_MS = 100

type DriverWatch = Awaited<ReturnType<KV['watch']>>

export class KeyValueWatch {
  readonly #options: KeyValueWatchOptions
  /** The revision that was told last of each key that has a value. */
  readonly #told = new Map<string, number>()
  /** Every change up to this one has come, or was overtaken. */
  #seen = 0
  /** The bucket's last revision at the check before. */
  #lastChecked = 0
  /** Whether onCurrent has been called. */
  #isCurrent = false
  #isReplaceDue = false
  #isMending = false
  #isStopped = false
  #watch: DriverWatch | undefined
  #timer: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(options: KeyValueWatchOptions) {
    this.#options = options
  }

  /** Resolves when the watch stands. Whatever happens later is mended here. */
  async begin(): Promise<void> {
    await this.#replace()
    if (this.#isStopped) return
    this.#timer = setInterval(() => void this.#mend(), CHECK_MS)
    this.#mendAfterReconnections().catch((error: unknown) => this.#failed(error))
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
    this.#watch?.stop()
  }

  async #mendAfterReconnections(): Promise<void> {
    for await (const { type } of this.#options.connection.status()) {
      if (this.#isStopped) return
      if (type !== Events.Reconnect) continue
      this.#isReplaceDue = true
      void this.#mend()
    }
  }

  /** Nobody awaits what is done here, so a rejection would end the process. */
  #failed(error: unknown): void {
    if (!(error instanceof NatsError)) this.#options.onError?.(error)
  }

  /** Failures are those of an outage; the next check tries again. */
  async #mend(): Promise<void> {
    if (this.#options.connection.isClosed()) return this.stop()
    if (this.#isMending) return
    this.#isMending = true
    try {
      if (!this.#isReplaceDue) await this.#check()
      // A reconnection meanwhile makes it due again.
      while (this.#isReplaceDue && !this.#isStopped) await this.#replace()
    } catch (error) {
      this.#failed(error)
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => void this.#mend(), RETRY_MS)
    } finally {
      this.#isMending = false
    }
  }

  async #check(): Promise<void> {
    // Before the question: the watch may bring a change that is newer than the answer.
    const seen = this.#seen
    const { lastRevision } = await this.#options.readState()
    // A server that has lost the end of its files begins again at a lower revision.
    const hasLostChanges = lastRevision < seen
    if (hasLostChanges) {
      // What was told stays known, or nobody would hear that a key is gone.
      for (const key of this.#told.keys()) this.#told.set(key, 0)
      this.#seen = 0
    }
    this.#isReplaceDue ||= hasLostChanges || this.#seen < this.#lastChecked
    this.#lastChecked = lastRevision
  }

  async #replace(): Promise<void> {
    this.#watch?.stop()
    this.#isReplaceDue = false
    try {
      const state = await this.#options.readState()
      let isInitialized = false
      const { keys, kv } = this.#options
      const watch = await kv.watch({
        ...(keys === undefined ? {} : { key: [...keys] }),
        initializedFn: () => (isInitialized = true),
      })
      this.#watch = watch
      if (this.#isStopped) watch.stop()
      // Of the keys that are watched there is none, and no entry will say that it is the last one.
      const isEmpty = state.isEmpty || (isInitialized && watch.getReceived() === 0)
      void this.#follow(watch, { ...state, isEmpty })
    } catch (error) {
      this.#isReplaceDue = true
      throw error
    }
  }

  /** Ends with the watch. */
  async #follow(watch: DriverWatch, state: BucketState): Promise<void> {
    const present = new Set<string>()
    let isComplete = false
    const complete = () => {
      isComplete = true
      this.#complete(present, state.lastRevision)
    }
    if (state.isEmpty) complete()
    try {
      for await (const entry of watch) {
        if (this.#isStopped || watch !== this.#watch) return
        present.add(entry.key)
        this.#tell(entry)
        if (!isComplete && entry.delta === 0) complete()
      }
    } catch (error) {
      this.#failed(error)
      this.#isReplaceDue ||= watch === this.#watch
    }
  }

  /** Everything that was in the bucket when the watch began has come. */
  #complete(present: ReadonlySet<string>, lastRevision: number): void {
    for (const [key, revision] of this.#told) {
      // Deleted so long ago that even the mark of it was removed: its own revision is not known.
      if (present.has(key)) continue
      this.#told.delete(key)
      this.#options.onEntry({ key, value: undefined, revision: revision + 1 })
    }
    this.#seen = Math.max(this.#seen, lastRevision)
    if (this.#isCurrent) return
    this.#isCurrent = true
    this.#options.onCurrent()
  }

  #tell(entry: KvEntry): void {
    const { key, revision } = entry
    this.#seen = Math.max(this.#seen, revision)
    const told = this.#told.get(key)
    if (told !== undefined && told >= revision) return
    const value = entry.operation === 'PUT' ? entry.string() : undefined
    if (value === undefined && told === undefined) return this.#removeIfOld(entry)
    if (value === undefined) this.#told.delete(key)
    else this.#told.set(key, revision)
    this.#options.onEntry({ key, value, revision })
  }

  /** Each process leaves the mark of its lease; without this they would pile up for ever. */
  #removeIfOld({ key, revision, created }: KvEntry): void {
    const { marksKeptMs, removeMark } = this.#options
    if (Date.now() - created.getTime() >= marksKeptMs) removeMark(key, revision)
  }
}

/**
 * A process for tests, as far as membership sees it: its timers and its key-value store.
 *
 * Frozen, nothing of it runs: timers and answers that come meanwhile wait until it is thawed, while
 * what it has sent goes on its way. Killed, it never runs again. Time goes on for all.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { KeyValue, KeyValueEntry, StopWatch } from '../membership/key-value.ts'
import type { ManualClock } from '../../links/testing/manual-clock.ts'
import type { MemoryKeyValue, MemoryKeyValueServer } from '../membership/memory-key-value.ts'

export class FreezableProcess {
  readonly clock: Clock
  readonly keyValue: PretendKeyValue
  #state: 'running' | 'frozen' | 'dead' = 'running'
  #waiting: (() => void)[] = []

  constructor(clock: ManualClock, server: MemoryKeyValueServer) {
    this.clock = {
      now: () => clock.now(),
      after: (ms, action) => clock.after(ms, () => this.run(action)),
    }
    this.keyValue = new PretendKeyValue(this, clock, server.connect())
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  run(action: () => void): void {
    if (this.#state === 'running') action()
    else if (this.#state === 'frozen') this.#waiting.push(action)
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen'
  }

  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'running'
    for (const action of this.#waiting.splice(0)) this.run(action)
  }

  kill(): void {
    this.#state = 'dead'
    this.#waiting = []
  }

  /** Ends every fault but death. */
  mend(): void {
    this.keyValue.mend()
    this.thaw()
  }
}

export class PretendKeyValue implements KeyValue {
  readonly #process: FreezableProcess
  readonly #clock: ManualClock
  readonly #inner: MemoryKeyValue
  /** Of a request, and of its answer. */
  latencyMs = 0
  watchDelayMs = 0
  /** So many next answers get lost, and their callers learn of it. */
  answersToLose = 0
  /** As permissions in NATS can do. */
  forbidsSomeKeys = false
  /** Entries that watches were told. */
  told = 0
  /** Entries come in order, also after the delay was made shorter. */
  #lastTold = 0

  constructor(process: FreezableProcess, clock: ManualClock, inner: MemoryKeyValue) {
    this.#process = process
    this.#clock = clock
    this.#inner = inner
  }

  cut(): void {
    this.#inner.cut()
  }

  mend(): void {
    this.#inner.heal()
    this.latencyMs = 0
    this.watchDelayMs = 0
    this.answersToLose = 0
  }

  get(key: string): Promise<KeyValueEntry | undefined> {
    return this.#ask(() => this.#inner.get(key))
  }

  create(key: string, value: string): Promise<number> {
    return this.#ask(() => this.#inner.create(key, value))
  }

  update(key: string, value: string, expected: number): Promise<number> {
    return this.#ask(() => this.#inner.update(key, value, expected))
  }

  delete(key: string, expected: number): Promise<void> {
    return this.#ask(() => this.#inner.delete(key, expected))
  }

  watch(
    onEntry: (entry: KeyValueEntry) => void,
    onCurrent: () => void,
    keys?: readonly string[],
  ): Promise<StopWatch> {
    if (this.forbidsSomeKeys && keys !== undefined) {
      return Promise.reject(new TinygridError('key_value_unavailable'))
    }
    return this.#inner.watch(
      (entry) => {
        this.told++
        this.#tell(() => onEntry(entry))
      },
      () => this.#tell(onCurrent),
      keys,
    )
  }

  async close(): Promise<void> {
    await this.#inner.close()
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    await this.#travel()
    try {
      const answer = await request()
      if (this.answersToLose > 0) {
        this.answersToLose -= 1
        throw new TinygridError('key_value_unavailable')
      }
      return answer
    } finally {
      await this.#travel()
      await new Promise<void>((resolve) => {
        this.#process.run(resolve)
      })
    }
  }

  async #travel(): Promise<void> {
    if (this.latencyMs === 0) return
    await new Promise<void>((resolve) => {
      this.#clock.after(this.latencyMs, resolve)
    })
  }

  #tell(action: () => void): void {
    const now = this.#clock.now()
    this.#lastTold = Math.max(this.#lastTold, now + this.watchDelayMs)
    this.#clock.after(this.#lastTold - now, () => this.#process.run(action))
  }
}

/**
 * The key-value seam of one simulated process, over a state that all processes share.
 *
 * Watched changes come late and in order; what a newer change has overtaken on the way is left out,
 * as the contract allows. While the service cannot be reached they wait, and afterwards the newest of
 * each key comes.
 */
import { TinygridError } from '../links/errors.ts'
import type { KeyValue, KeyValueEntry, StopWatch } from '../cluster/membership/key-value.ts'
import type {
  MemoryKeyValue,
  MemoryKeyValueServer,
} from '../cluster/membership/memory-key-value.ts'
import type { Service } from './service.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** A watch that was cut off finds its way back within this time. */
const RECONNECT_MS = 200

export class SimulatedKeyValue implements KeyValue {
  readonly #process: SimulatedProcess
  readonly #service: Service
  readonly #server: MemoryKeyValueServer
  readonly #state: MemoryKeyValue
  readonly #watches = new Set<Watch>()

  constructor(process: SimulatedProcess, service: Service, server: MemoryKeyValueServer) {
    this.#process = process
    this.#service = service
    this.#server = server
    this.#state = server.connect()
  }

  get(key: string): Promise<KeyValueEntry | undefined> {
    return this.#call(
      () => `get ${key}`,
      () => this.#state.get(key),
    )
  }

  create(key: string, value: string): Promise<number> {
    return this.#call(
      () => `create ${key}: ${value}`,
      () => this.#state.create(key, value),
    )
  }

  update(key: string, value: string, expected: number): Promise<number> {
    return this.#call(
      () => `update ${key}@${expected}: ${value}`,
      () => this.#state.update(key, value, expected),
    )
  }

  async delete(key: string, expected: number): Promise<void> {
    await this.#call(
      () => `delete ${key}@${expected}`,
      () => this.#state.delete(key, expected),
    )
  }

  async watch(
    onEntry: (entry: KeyValueEntry) => void,
    onCurrent: () => void,
    keys?: readonly string[],
  ): Promise<StopWatch> {
    const current = await this.#call(
      () => 'watch',
      () => this.#current(),
    )
    const isWatched = ({ key }: KeyValueEntry) => keys?.includes(key) ?? true
    const tell = (entry: KeyValueEntry) => {
      if (isWatched(entry)) onEntry(entry)
    }
    const watch = new Watch(this.#process, this.#service, this.#server, tell)
    this.#watches.add(watch)
    this.#process.defer(() => {
      for (const entry of current) if (entry.value !== undefined) tell(entry)
      onCurrent()
      watch.begin(current.at(-1)?.revision ?? 0)
    })
    return () => watch.stop()
  }

  async close(): Promise<void> {
    await this.#state.close()
    for (const watch of this.#watches) watch.stop()
  }

  async #current(): Promise<readonly KeyValueEntry[]> {
    // Refused by a handle that is closed, as everything else.
    await this.#state.get('')
    return this.#server.changedAfter(0)
  }

  #call<T>(what: () => string, effect: () => Promise<T>): Promise<T> {
    return this.#service.call(this.#process, what, effect, unavailable)
  }
}

class Watch {
  readonly #process: SimulatedProcess
  readonly #service: Service
  readonly #server: MemoryKeyValueServer
  readonly #onEntry: (entry: KeyValueEntry) => void
  /** Invariant: every change up to here was sent, or overtaken. */
  #sent = 0
  #isScheduled = false
  #isStopped = false
  #unlisten = () => {}

  constructor(
    process: SimulatedProcess,
    service: Service,
    server: MemoryKeyValueServer,
    onEntry: (entry: KeyValueEntry) => void,
  ) {
    this.#process = process
    this.#service = service
    this.#server = server
    this.#onEntry = onEntry
  }

  begin(revision: number): void {
    if (this.#isStopped) return
    this.#sent = revision
    this.#unlisten = this.#server.onChange(() => this.#schedule(this.#service.delayMs()))
    this.#schedule(0)
  }

  stop(): void {
    this.#isStopped = true
    this.#unlisten()
  }

  #schedule(ms: number): void {
    if (this.#isScheduled || this.#process.isCrashed) return
    this.#isScheduled = true
    this.#process.scheduler.after(ms, () => {
      this.#isScheduled = false
      if (this.#service.reaches(this.#process)) this.#send()
      else this.#schedule(RECONNECT_MS)
    })
  }

  #send(): void {
    for (const entry of this.#server.changedAfter(this.#sent)) {
      this.#sent = entry.revision
      this.#process.receive(() => {
        if (!this.#isStopped) this.#onEntry(entry)
      })
    }
  }
}

function unavailable(): TinygridError {
  return new TinygridError('key_value_unavailable')
}

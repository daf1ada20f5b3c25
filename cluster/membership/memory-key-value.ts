/**
 * The key-value store in memory: for tests and simulations, which want the contract without servers.
 *
 * One `MemoryKeyValueServer` is what the cluster agrees on; each node has a handle on it, which can
 * be cut off and healed. All happens in microtasks, so a run is as deterministic as its callers.
 * Keeps the whole contract of `key-value.ts`. What is asked while the handle is cut off is refused
 * at once; what a watcher missed meanwhile it is told when the handle is healed.
 */
import { TinygridError } from '../../links/errors.ts'
import type { KeyValue, KeyValueEntry, StopWatch } from './key-value.ts'

export class MemoryKeyValueServer {
  /** In order of revision; deleted keys stay, as entries without a value. */
  readonly #entries = new Map<string, KeyValueEntry>()
  readonly #listeners = new Set<() => void>()
  #revision = 0

  connect(): MemoryKeyValue {
    return new MemoryKeyValue(this)
  }

  get(key: string): KeyValueEntry | undefined {
    return this.#entries.get(key)
  }

  /** The newest entry of each key that changed after `revision`, in order. */
  changedAfter(revision: number): readonly KeyValueEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.revision > revision)
  }

  /** undefined as value deletes. */
  write(key: string, value: string | undefined): number {
    const revision = ++this.#revision
    this.#entries.delete(key)
    this.#entries.set(key, { key, value, revision })
    for (const listener of this.#listeners) listener()
    return revision
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

export class MemoryKeyValue implements KeyValue {
  readonly #server: MemoryKeyValueServer
  readonly #watches = new Set<MemoryWatch>()
  #isCut = false
  #isClosed = false

  constructor(server: MemoryKeyValueServer) {
    this.#server = server
  }

  /** From now on nothing reaches the server, and nothing is heard of it. */
  cut(): void {
    this.#isCut = true
  }

  heal(): void {
    this.#isCut = false
    for (const watch of this.#watches) watch.tell()
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    this.#refuseIfCut()
    const entry = this.#server.get(key)
    return entry?.value === undefined ? undefined : entry
  }

  async create(key: string, value: string): Promise<number> {
    this.#refuseIfCut()
    if (this.#server.get(key)?.value !== undefined) throw conflict(key)
    return this.#server.write(key, value)
  }

  async update(key: string, value: string, expected: number): Promise<number> {
    this.#refuseIfCut()
    if (this.#server.get(key)?.revision !== expected) throw conflict(key)
    return this.#server.write(key, value)
  }

  async delete(key: string, expected: number): Promise<void> {
    this.#refuseIfCut()
    if (this.#server.get(key)?.revision !== expected) throw conflict(key)
    this.#server.write(key, undefined)
  }

  async watch(
    onEntry: (entry: KeyValueEntry) => void,
    onCurrent: () => void,
    keys?: readonly string[],
  ): Promise<StopWatch> {
    this.#refuseIfCut()
    const tell = (entry: KeyValueEntry) => {
      if (keys?.includes(entry.key) ?? true) onEntry(entry)
    }
    const watch = new MemoryWatch(this.#server, () => this.#isCut, tell, onCurrent)
    this.#watches.add(watch)
    watch.tell()
    return () => {
      this.#watches.delete(watch)
      watch.stop()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const watch of this.#watches) watch.stop()
    this.#watches.clear()
  }

  #refuseIfCut(): void {
    if (!this.#isCut && !this.#isClosed) return
    throw new TinygridError('key_value_unavailable')
  }
}

class MemoryWatch {
  readonly #server: MemoryKeyValueServer
  readonly #isCut: () => boolean
  readonly #onEntry: (entry: KeyValueEntry) => void
  readonly #onCurrent: () => void
  readonly #stopListening: () => void
  /** Everything up to this revision has been told, or overtaken. */
  #told = 0
  #isCurrent = false
  #isTelling = false
  #isStopped = false

  constructor(
    server: MemoryKeyValueServer,
    isCut: () => boolean,
    onEntry: (entry: KeyValueEntry) => void,
    onCurrent: () => void,
  ) {
    this.#server = server
    this.#isCut = isCut
    this.#onEntry = onEntry
    this.#onCurrent = onCurrent
    this.#stopListening = server.onChange(() => this.tell())
  }

  /** Not within the change that is told of: a watcher may change things itself. */
  tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      this.#tellNow()
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#stopListening()
  }

  #tellNow(): void {
    for (const entry of this.#server.changedAfter(this.#told)) {
      if (this.#isStopped || this.#isCut()) return
      this.#told = entry.revision
      if (this.#isCurrent || entry.value !== undefined) this.#onEntry(entry)
    }
    if (this.#isCurrent || this.#isStopped || this.#isCut()) return
    this.#isCurrent = true
    this.#onCurrent()
  }
}

function conflict(key: string): TinygridError {
  return new TinygridError('key_value_conflict', { detail: `${key} was changed in the meantime` })
}

/**
 * The click log in LMDB, for a node without a cluster: the writer, in the node's own process.
 *
 * It has an environment of its own, so that clicks and links never wait for each other's disk. An
 * append resolves once its transaction is synced; those that wait meanwhile are committed together.
 * Ids lie beside their batches, and go with them, so a batch that is held is never stored twice.
 * Each commit drops what is past the bounds; a timer does while nothing comes. A disk that is full, or
 * an environment that another process has taken, is click_log_unavailable. Readers: `lmdb-click-reader.ts`.
 */
import assert from 'node:assert/strict'
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { LmdbEnvironment } from '../../persistence/data-directory/lmdb-environment.ts'
import type { ClickLogReader, ClickLogWriter } from './click-log.ts'
import type { SaltStore } from '../ring/daily-salts.ts'
import { ClickTrees, dayKey, decodeEntry, encodeEntry, positionKey } from './lmdb-click-trees.ts'
import { LmdbClickReader } from './lmdb-click-reader.ts'

export interface LmdbClickLogOptions {
  /** Payload bytes that it may hold. */
  readonly bytesMax: number
  /** How long a batch is held, in milliseconds. */
  readonly ageMaxMs: number
  readonly clock: Clock
  readonly now: () => EpochMs
}

const ID_LENGTH_MAX = 255
/** Batches dropped in one transaction. */
const DROPS_MAX = 256
/** Appends in one transaction. */
const GROUP_BYTES_MAX = 8 * 2 ** 20
/** How often what is too old is looked for while nothing is appended. */
const UPKEEP_MS = 60_000

interface Append {
  readonly id: string
  readonly payload: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class LmdbClickLog implements ClickLogWriter {
  readonly #environment: LmdbEnvironment
  readonly #trees: ClickTrees
  readonly #options: LmdbClickLogOptions
  #appends: Append[] = []
  /** Commits follow one another: the newest, or what is to come before the next. */
  #turn: Promise<unknown> = Promise.resolve()
  #cancelUpkeep: () => void = () => {}
  #isClosed = false
  readonly #onAppended = new Set<() => void>()

  private constructor(environment: LmdbEnvironment, options: LmdbClickLogOptions) {
    this.#environment = environment
    this.#trees = new ClickTrees(environment)
    this.#options = options
  }

  /**
   * Opens the log in a directory of its own, which is made if need be.
   *
   * @throws TinygridError click_log_unavailable
   */
  static async open(directory: string, options: LmdbClickLogOptions): Promise<LmdbClickLog> {
    try {
      const environment = new LmdbEnvironment(directory)
      const log = new LmdbClickLog(environment, options)
      await environment.hold()
      environment.forgetDeadReaders()
      log.#planUpkeep()
      return log
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  append(id: string, payload: Uint8Array): Promise<void> {
    assert(id.length <= ID_LENGTH_MAX, 'the id of a click batch is too long')
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(unavailable(new Error('the click log is closed')))
      this.#appends.push({ id, payload, resolve, reject })
      if (this.#appends.length === 1) void this.#inTurn(() => this.#writeGroups())
    })
  }

  /** Of an embedded node, beside the log that they are for. */
  get salts(): SaltStore {
    return {
      agree: (day, offered) =>
        this.#inTurn(async () => {
          this.#environment.refresh()
          const known = this.#trees.salts.getBinary(dayKey(day))?.toString()
          if (known !== undefined) return known
          await this.#environment.commit({ bytes: 0 }, () => {
            void this.#trees.salts.put(dayKey(day), Buffer.from(offered))
          })
          return offered
        }),
      forget: (before) =>
        this.#inTurn(async () => {
          this.#environment.refresh()
          const old = [...this.#trees.salts.getKeys({ end: dayKey(before) })]
          if (old.length === 0) return
          await this.#environment.commit({ bytes: 0, makesRoom: true }, () => {
            for (const key of old) void this.#trees.salts.remove(key)
          })
        }),
    }
  }

  /** Of the same process: is told of appends at once. */
  reader(): ClickLogReader {
    return new LmdbClickReader(() => this.#environment, {
      clock: this.#options.clock,
      onAppended: this.#onAppended,
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelUpkeep()
    await this.#turn
    await this.#environment.close()
  }

  async #writeGroups(): Promise<void> {
    while (this.#appends.length > 0) await this.#writeGroup(this.#takeGroup())
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  #takeGroup(): Append[] {
    let bytes = 0
    const tooMany = this.#appends.findIndex(({ payload }, index) => {
      bytes += payload.length
      return bytes > GROUP_BYTES_MAX && index > 0
    })
    return this.#appends.splice(0, tooMany < 0 ? Infinity : tooMany)
  }

  async #writeGroup(group: readonly Append[]): Promise<void> {
    try {
      await this.#commit(group)
    } catch (error) {
      const failure = unavailable(error)
      for (const { reject } of group) reject(failure)
      return
    }
    for (const { resolve } of group) resolve()
    for (const wake of this.#onAppended) wake()
  }

  async #commit(group: readonly Append[]): Promise<void> {
    const trees = this.#trees
    this.#environment.refresh()
    const fresh = newOf(group, trees)
    let { last, bytes } = trees.state()
    // A new log goes on behind any that was there before it: stores know positions of that.
    if (last === 0) last = this.#options.now()
    for (const { payload } of fresh) bytes += payload.length
    const drops = this.#dropsFor(bytes)
    if (fresh.length === 0 && drops.length === 0) return
    for (const drop of drops) bytes -= drop.bytes
    const storedAt = this.#options.now()
    const written = fresh.reduce((sum, { payload }) => sum + payload.length + 8192, 0)
    const need = { bytes: written, touches: 4 * drops.length, makesRoom: fresh.length === 0 }
    await this.#environment.commit(need, () => {
      for (const { id, payload } of fresh) {
        const key = positionKey(++last)
        void trees.payloads.put(key, Buffer.from(payload))
        void trees.entries.put(key, encodeEntry({ storedAt, bytes: payload.length, id }))
        void trees.ids.put(Buffer.from(id), key)
      }
      for (const { key, id } of drops) {
        void trees.payloads.remove(key)
        void trees.entries.remove(key)
        void trees.ids.remove(Buffer.from(id))
      }
      trees.putState({ last, bytes })
    })
  }

  /** The oldest, as far as the bounds ask for it; what is just being stored stays. */
  #dropsFor(bytes: number): { key: Buffer; id: string; bytes: number }[] {
    const { bytesMax, ageMaxMs, now } = this.#options
    const oldest = now() - ageMaxMs
    const drops = []
    let left = bytes
    for (const { key, value } of this.#trees.entries.getRange({ limit: DROPS_MAX })) {
      const entry = decodeEntry(value)
      if (left <= bytesMax && entry.storedAt >= oldest) break
      left -= entry.bytes
      drops.push({ key, ...entry })
    }
    return drops
  }

  #planUpkeep(): void {
    this.#cancelUpkeep = this.#options.clock.after(UPKEEP_MS, () => {
      this.#environment.forgetDeadReaders()
      this.#planUpkeep()
      // What fails is tried again with the next append.
      this.#inTurn(() => this.#commit([])).catch(() => {})
    })
  }
}

/** Those whose id is not stored, each once. */
function newOf(group: readonly Append[], trees: ClickTrees): Append[] {
  const seen = new Set<string>()
  return group.filter(({ id }) => {
    if (seen.has(id) || trees.ids.getBinary(Buffer.from(id)) !== undefined) return false
    seen.add(id)
    return true
  })
}

function unavailable(cause: unknown): TinygridError {
  return new TinygridError('click_log_unavailable', { cause })
}

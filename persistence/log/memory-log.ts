/**
 * The log in memory: for tests and simulations, which want the contract without a disk.
 *
 * Used by tests of every folder. Keeps the whole contract of `log.ts` but durability: the object is
 * its own disk, so a test that "restarts" a process keeps the log and drops everything else, and
 * `close` changes nothing. Each append resolves in a later microtask, as a real one never resolves
 * at once. Faults are the caller's to add around it. Positions are dense from 1.
 */
import { TinygridError } from '../../links/errors.ts'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { ForeignEntries, type ForeignEntriesOptions } from './foreign-entries.ts'
import {
  EPOCH_RESERVE_BYTES,
  type AppendKind,
  type DeadLetter,
  type Log,
  type LogEntry,
} from './log.ts'

export interface MemoryLogOptions extends ForeignEntriesOptions {
  /** Payload bytes it may hold; an append above is refused with log_full. */
  readonly bytesMax?: number
}

interface PartitionLog {
  last: LogPosition
  /** Invariant: positions rise and end with `last`. */
  entries: LogEntry[]
}

export class MemoryLog implements Log {
  readonly #bytesMax: number
  readonly #partitions = new Map<PartitionId, PartitionLog>()
  readonly #deadLetters = new Map<string, DeadLetter>()
  readonly #foreign: ForeignEntries
  /** Invariant: the sum of all entries' payload lengths. */
  #bytes = 0

  constructor(options: MemoryLogOptions = {}) {
    this.#bytesMax = options.bytesMax ?? Number.POSITIVE_INFINITY
    this.#foreign = new ForeignEntries(options)
  }

  append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind: AppendKind = 'write',
  ): Promise<LogPosition> {
    const append = (last: LogPosition) => this.#append(partition, payload, last, kind)
    return this.#foreign.append(expectedLast, append, (after) => this.#readAfter(partition, after))
  }

  /** As another program might, that knows nothing of positions. */
  async disturb(partition: PartitionId, payload: Uint8Array): Promise<LogPosition> {
    return this.#append(partition, payload, this.#partition(partition).last, 'write')
  }

  async #append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind: AppendKind,
  ): Promise<LogPosition> {
    const log = this.#partition(partition)
    if (log.last !== expectedLast) {
      throw new TinygridError('log_replaced', {
        detail: `partition ${partition} ends at ${log.last}, not at ${expectedLast}`,
      })
    }
    const bytesMax = this.#bytesMax + (kind === 'epoch' ? EPOCH_RESERVE_BYTES : 0)
    if (this.#bytes + payload.length > bytesMax) throw new TinygridError('log_full')
    const position = (log.last + 1) as LogPosition
    log.entries.push({ position, previous: expectedLast, payload: Buffer.from(payload) })
    log.last = position
    this.#bytes += payload.length
    return position
  }

  async last(partition: PartitionId): Promise<LogPosition> {
    return this.#partition(partition).last
  }

  readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    return this.#foreign.without(partition, this.#readAfter(partition, after))
  }

  async *#readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    const { entries } = this.#partition(partition)
    yield* entries.filter((entry) => entry.position > after)
  }

  async trim(partition: PartitionId, upTo: LogPosition): Promise<void> {
    const log = this.#partition(partition)
    const own = log.entries.findLast(({ payload }) => !this.#foreign.isForeign(payload))
    const isKept = (entry: LogEntry) => entry.position > upTo || entry === own
    const kept = log.entries.filter(isKept)
    this.#bytes += payloadBytes(kept) - payloadBytes(log.entries)
    log.entries = kept
  }

  async addDeadLetter(letter: DeadLetter): Promise<void> {
    const held = this.#deadLetters.get(letter.key)?.position ?? POSITION_NONE
    if (held > letter.position) return
    this.#deadLetters.set(letter.key, { ...letter, payload: Buffer.from(letter.payload) })
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    yield* this.#deadLetters.values()
  }

  async removeDeadLetter(key: string, upTo: LogPosition): Promise<void> {
    const held = this.#deadLetters.get(key)
    if (held !== undefined && held.position <= upTo) this.#deadLetters.delete(key)
  }

  bytes(): number {
    return this.#bytes
  }

  async close(): Promise<void> {}

  #partition(partition: PartitionId): PartitionLog {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const fresh: PartitionLog = { last: POSITION_NONE, entries: [] }
    this.#partitions.set(partition, fresh)
    return fresh
  }
}

function payloadBytes(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.payload.length, 0)
}

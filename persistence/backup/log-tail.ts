/**
 * Follows the log while the store is read, so that a backup is of one moment however long it takes.
 *
 * Used by `link-backup.ts`. What the store gives while it is read is of no one moment; but each version that is
 * written meanwhile is in the log. So every second or so all that has come into the log is read, from the store's
 * checkpoints on, and at the end up to the cut. Of a link the newest version alone is held until it is taken;
 * where whoever takes is too slow, the backup ends rather than memory.
 *
 *   1. the log is held, where this node trims it    2. the checkpoints are read: the store has all up to them
 *   3. the log is read behind them    4. the store is read, with the log every second or so
 *   5. the cut: where the log ends    6. the log is read up to it, and nothing behind it
 *
 * Nodes of a cluster trim their own partitions, and keep each change for a minute (`links/link-owner.ts`,
 * OPERATION_KEPT_MS) and each visit for ten seconds. Each entry names the one before it, so what was trimmed
 * unread is seen. Only what the store has is trimmed: so such a partition is followed from the store's checkpoint
 * on, and has to be read from the store once more before the cut (`lost`). Rejected: a word to all nodes that they
 * hold their trims, which needs a bound, and is of no use to a reader who is slower than that; a flush at the end
 * instead of the log, after which the store has newer versions of some links than the moment asks for, and none of
 * that moment.
 */
import { pause, type Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import { POSITION_NONE, type Code, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { codeOfRecord, type LinkRecord, type LinkVersion } from '../../links/link-record.ts'
import type { LongWork } from '../../links/long-work.ts'
import { replayInTurns } from '../log/log-replay.ts'
import { decodeLogRecord } from '../log/log-record.ts'
import type { Log } from '../log/log.ts'
import type { LinkStore } from '../store/link-store.ts'

export interface LogTailOptions {
  readonly log: Pick<Log, 'last' | 'readAfter'>
  readonly store: Pick<LinkStore, 'checkpoints'>
  readonly partitions: readonly PartitionId[]
  readonly work: LongWork
  readonly clock: Clock
  /** Keeps entries from being trimmed here, from those on that it tells; returns what ends it. */
  readonly hold: (from: (partition: PartitionId) => LogPosition) => () => void
  /** Which sequence a partition's positions are of: those of one sequence are in one order. */
  readonly sequenceOf: (partition: PartitionId) => number
}

/**
 * Between two rounds: four times as long as one takes, within these, which are well below the ten seconds for which a
 * visit is kept. In a cluster a round asks the servers once for each partition.
 */
const REST_MS = { min: 1_000, max: 4_000 }
const REST_FACTOR = 4
/** Partitions that are asked at the same time. */
const READS_MAX = 16
/** How often a partition is begun with again before its first entries stay. */
const BEGINNINGS_MAX = 5
/** Of records that nobody has taken yet. */
const HELD_BYTES_MAX = 64 * 2 ** 20

export interface Cut {
  readonly positions: ReadonlyMap<PartitionId, LogPosition>
  /** What nobody has taken yet. */
  readonly versions: readonly LinkVersion[]
}

export class LogTail {
  readonly #options: LogTailOptions
  readonly #read = new Map<PartitionId, LogPosition>()
  readonly #held = new Map<Code, LinkVersion>()
  /** Of these some that the log had is in the store alone: behind where they are followed from. */
  readonly #lost = new Set<PartitionId>()
  readonly #release: () => void
  #ending = new AbortController()
  #heldBytes = 0
  #failure: unknown
  #following: Promise<void> = Promise.resolve()

  private constructor(options: LogTailOptions) {
    this.#options = options
    this.#release = options.hold((partition) => (this.#readOf(partition) + 1) as LogPosition)
  }

  /** @throws TinygridError of log and store */
  static async begin(options: LogTailOptions): Promise<LogTail> {
    const tail = new LogTail(options)
    try {
      await tail.#takeCheckpoints()
      await tail.#round()
      // Nothing was read from the store so far.
      tail.#lost.clear()
      tail.#begin()
      return tail
    } catch (error) {
      await tail.close()
      throw error
    }
  }

  /** The newest versions that have come since the last call. @throws TinygridError */
  take(): LinkVersion[] {
    if (this.#failure !== undefined) throw this.#failure
    const versions = [...this.#held.values()]
    this.#held.clear()
    this.#heldBytes = 0
    return versions
  }

  /** Partitions that are to be read from the store again, from now on. Told once. */
  lost(): PartitionId[] {
    const lost = [...this.#lost]
    this.#lost.clear()
    return lost
  }

  /**
   * A moment: everything up to these positions was taken, or is given now. Nothing behind them ever was, if all else
   * was read from the store before the call.
   *
   * @param goesOn what comes behind is followed too; else this ends it
   * @returns undefined: some is lost, and it goes on
   */
  async cut(goesOn: boolean): Promise<Cut | undefined> {
    await this.#stop()
    const { log, partitions, sequenceOf } = this.#options
    // Embedded all are told in this turn; else by where the stream is, behind which nothing is read.
    const lasts = await Promise.all(partitions.map((partition) => log.last(partition)))
    const ends = new Map<number, LogPosition>()
    for (const [index, partition] of partitions.entries()) {
      const sequence = sequenceOf(partition)
      const last = lasts[index]!
      if (last >= (ends.get(sequence) ?? 0)) ends.set(sequence, last)
    }
    const upTo = new Map(
      partitions.map((partition) => [partition, ends.get(sequenceOf(partition))!]),
    )
    await this.#round(upTo)
    const isWhole = this.#lost.size === 0
    const versions = isWhole ? this.take() : []
    // Whatever comes behind the links, the log may go on.
    if (isWhole && !goesOn) this.#release()
    else this.#begin()
    return isWhole ? { positions: upTo, versions } : undefined
  }

  async close(): Promise<void> {
    await this.#stop().catch(() => {})
    this.#release()
  }

  #begin(): void {
    this.#ending = new AbortController()
    this.#following = this.#follow()
  }

  async #stop(): Promise<void> {
    this.#ending.abort()
    await this.#following
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Of one partition, or of all. */
  async #takeCheckpoints(one?: PartitionId): Promise<void> {
    for (const [partition, position] of await this.#options.store.checkpoints()) {
      const isAsked = one === undefined || one === partition
      if (isAsked && position > this.#readOf(partition)) this.#read.set(partition, position)
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending
    const { clock } = this.#options
    let tookMs = 0
    try {
      while (!signal.aborted) {
        const rest = Math.min(REST_MS.max, Math.max(REST_MS.min, REST_FACTOR * tookMs))
        await pause(clock, rest, signal)
        const began = clock.now()
        if (!signal.aborted) await this.#round()
        tookMs = clock.now() - began
      }
    } catch (error) {
      this.#failure = error
      // Whoever reads too slowly may not come back for long.
      this.#release()
    }
  }

  async #round(upTo?: ReadonlyMap<PartitionId, LogPosition>): Promise<void> {
    const waiting = this.#options.partitions.values()
    const read = async () => {
      for (const partition of waiting) {
        await this.#readOne(partition, upTo?.get(partition) ?? (Infinity as LogPosition))
      }
    }
    const reads = await Promise.allSettled(Array.from({ length: READS_MAX }, read))
    const failed = reads.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /**
   *   1. the checkpoints are read    2. an owner saves higher ones, and trims to them
   *   3. the log is read: entries are missing, which the store has: so from 1 on again
   */
  async #readOne(partition: PartitionId, upTo: LogPosition): Promise<void> {
    for (let attempt = 1; !(await this.#readsOn(partition, upTo)); attempt++) {
      if (attempt === BEGINNINGS_MAX) {
        const detail = 'The log is trimmed faster than this backup reads it; begin again'
        throw new TinygridError('log_unavailable', { detail })
      }
      this.#lost.add(partition)
      await this.#takeCheckpoints(partition)
    }
    if (this.#heldBytes > HELD_BYTES_MAX) {
      const detail = 'Links change faster than this backup is taken; give it a faster line or disk'
      throw new TinygridError('overloaded', { detail })
    }
  }

  /** false: what was not read yet is not there any more. */
  async #readsOn(partition: PartitionId, upTo: LogPosition): Promise<boolean> {
    const { log, work } = this.#options
    const after = this.#readOf(partition)
    if ((await log.last(partition)) === after) return true
    const note = (version: LinkVersion) => this.#note(version)
    let read = after
    let isWhole = true
    await replayInTurns(work, log.readAfter(partition, after), function* (entry) {
      const { position, previous, payload } = entry
      // Also of one behind the end: what is missing may have been before it.
      if (previous !== undefined && previous > read && read < upTo) isWhole = false
      if (position > upTo || !isWhole) return
      const record = decodeLogRecord(payload)
      for (const bytes of record.kind === 'batch' ? record.records : []) {
        note({ code: codeOfRecord(bytes), position, record: bytes })
        yield
      }
      read = position
    })
    this.#read.set(partition, read)
    return isWhole
  }

  #readOf(partition: PartitionId): LogPosition {
    return this.#read.get(partition) ?? POSITION_NONE
  }

  /** Its bytes are copied: they are a view into many others. */
  #note({ code, position, record }: LinkVersion): void {
    const before = this.#held.get(code)
    this.#heldBytes += record.length - (before?.record.length ?? 0)
    this.#held.set(code, { code, position, record: Buffer.from(record) as LinkRecord })
  }
}

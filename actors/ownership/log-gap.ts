/**
 * Whether the log goes on where the store ends, for one partition. Pure.
 *
 * Used by recovery while it replays. Each entry names the one before it (`persistence/log/log.ts`), so
 * the first one behind the checkpoint tells whether what lies between was trimmed before the store
 * had it: then the store is older than the log, or not its store, and links in between are in neither.
 * An entry that was trimmed while the log was read looks the same; so what is found here is judged by
 * a checkpoint that was read after it.
 */
import { TinygridError } from '../../links/errors.ts'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../../links/ids.ts'
import type { LogEntry } from '../../persistence/log/log.ts'

export class LogGap {
  readonly #partition: PartitionId
  readonly #checkpoint: LogPosition
  /** What the store has and what was read reach up to here. */
  #reached: LogPosition
  /** The highest position that is in neither. */
  #missing: LogPosition = POSITION_NONE
  /** The partition's first entry of all lies behind the checkpoint. */
  #beginsAnew = false

  constructor(partition: PartitionId, checkpoint: LogPosition) {
    this.#partition = partition
    this.#checkpoint = checkpoint
    this.#reached = checkpoint
  }

  /** The next entry that was read. */
  note({ position, previous }: Pick<LogEntry, 'position' | 'previous'>): void {
    if (position <= this.#checkpoint) return
    if (previous !== undefined) {
      const isFirst = previous === POSITION_NONE
      if (isFirst && this.#checkpoint !== POSITION_NONE) this.#beginsAnew = true
      if (previous > this.#reached) this.#missing = previous
    }
    this.#reached = position
  }

  get isFound(): boolean {
    return this.#beginsAnew || this.#missing !== POSITION_NONE
  }

  /**
   * @param checkpoint read since
   * @throws TinygridError log_gap
   */
  judge(checkpoint: LogPosition): void {
    if (this.#beginsAnew) {
      throw gap(
        `The log of partition ${this.#partition} begins behind the store's checkpoint ${this.#checkpoint}: ` +
          'it is not the log that the store was written from',
      )
    }
    if (checkpoint >= this.#missing) return
    throw gap(
      `The store has partition ${this.#partition} up to entry ${checkpoint} and the log ` +
        `lacks entry ${this.#missing}: the store is older than the log, or another's`,
    )
  }
}

function gap(why: string): TinygridError {
  return new TinygridError('log_gap', { detail: `${why}; restore both from one backup` })
}

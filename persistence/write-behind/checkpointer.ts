/**
 * Saves checkpoints and trims the log behind them.
 *
 * Used by `write-behind.ts` after flushes. The order is the point: the store has acknowledged every
 * entry up to a checkpoint before the checkpoint is saved, and the log forgets them after that. A
 * crash in between leaves entries to be replayed, which changes nothing. Both happen for many
 * partitions at a time and not after every flush: what they save is only replay after a crash.
 * Entries that somebody may still ask for by their operation are kept longer.
 */
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import type { LinkStore } from '../store/link-store.ts'
import type { Log } from '../log/log.ts'

type CheckpointStore = Pick<LinkStore, 'saveCheckpoints'>
type TrimmedLog = Pick<Log, 'trim'>

export class Checkpointer {
  readonly #store: CheckpointStore
  readonly #log: TrimmedLog
  readonly #checkpointOf: (partition: PartitionId) => LogPosition
  /** Partitions whose log has gone on since their checkpoint was saved at its end. */
  readonly #behind = new Map<PartitionId, LogPosition>()
  readonly #saved = new Map<PartitionId, LogPosition>()
  /** Saved and not yet trimmed to. */
  readonly #untrimmed = new Map<PartitionId, LogPosition>()
  /** How far the log was trimmed: kept entries would have it asked for the same again and again. */
  readonly #trimmed = new Map<PartitionId, LogPosition>()
  /** Saved, and trimmed only as far as may be by now. */
  readonly #kept = new Map<PartitionId, LogPosition>()
  readonly #keptFrom: (partition: PartitionId) => LogPosition | undefined

  constructor(
    store: CheckpointStore,
    log: TrimmedLog,
    checkpointOf: (partition: PartitionId) => LogPosition,
    keptFrom: (partition: PartitionId) => LogPosition | undefined,
  ) {
    this.#keptFrom = keptFrom
    this.#store = store
    this.#log = log
    this.#checkpointOf = checkpointOf
  }

  /** The partition's log has gone on to `position`. */
  note(partition: PartitionId, position: LogPosition): void {
    this.#behind.set(partition, position)
  }

  /** Nothing is left to do now. */
  get isDone(): boolean {
    return this.#behind.size === 0 && this.#untrimmed.size === 0
  }

  /** Something is left to trim later. */
  get hasKept(): boolean {
    return this.#kept.size > 0
  }

  /** Looks again at what was kept. */
  reviseKept(): void {
    for (const [partition, position] of this.#kept) {
      if ((this.#keptFrom(partition) ?? Infinity) <= position) continue
      this.#kept.delete(partition)
      this.#untrimmed.set(partition, position)
    }
  }

  forget(partition: PartitionId): void {
    const known = [this.#behind, this.#saved, this.#untrimmed, this.#trimmed, this.#kept]
    for (const positions of known) positions.delete(partition)
  }

  /** Saves what the store has by now. Rejects as the store does; then nothing is trimmed. */
  async save(): Promise<void> {
    const checkpoints = new Map<PartitionId, LogPosition>()
    for (const partition of this.#behind.keys()) {
      const checkpoint = this.#checkpointOf(partition)
      if (checkpoint > (this.#saved.get(partition) ?? 0)) checkpoints.set(partition, checkpoint)
    }
    if (checkpoints.size === 0) return
    await this.#store.saveCheckpoints(checkpoints)
    for (const [partition, position] of checkpoints) {
      if (!this.#behind.has(partition)) continue // forgotten meanwhile
      this.#saved.set(partition, position)
      this.#untrimmed.set(partition, position)
      if (this.#behind.get(partition) === position) this.#behind.delete(partition)
    }
  }

  /** Trims the log to what is saved. Rejects as the log does; what is left is tried next time. */
  async trim(): Promise<void> {
    const trims = [...this.#untrimmed].map(async ([partition, position]) => {
      const upTo = Math.min(position, (this.#keptFrom(partition) ?? Infinity) - 1) as LogPosition
      if (upTo > (this.#trimmed.get(partition) ?? 0)) {
        await this.#log.trim(partition, upTo)
        this.#trimmed.set(partition, upTo)
      }
      if (this.#untrimmed.get(partition) !== position) return
      this.#untrimmed.delete(partition)
      if (upTo < position) this.#kept.set(partition, position)
    })
    const results = await Promise.allSettled(trims)
    const failure = results.find((result) => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
}

/**
 * The log: the durable, ordered record of writes, one sequence per partition.
 *
 * A write is acknowledged to its client once `append` has resolved, so what this seam promises is
 * what Tinygrid promises. The payload is opaque here; `log-record.ts` says what is in it.
 *
 * Order: positions of a partition rise with each append; they need not be dense, and never fall,
 * not after a trim and not after a restart. Ownership: an append names the position it believes to
 * be the partition's last, and is refused if it is not, so a replaced owner is stopped here,
 * whatever it believes. Appends of different partitions are independent and may share a disk sync.
 */
import type { LogPosition, NodeId, PartitionId } from '../../links/ids.ts'

/**
 * Above the log's bound, for epoch records alone: a log that is full can still be opened by a new
 * owner, who brings what it holds to the store and trims it. Without them nobody could ever trim it.
 * Some hundred bytes each, and one per opening (`actors/ownership/epoch-records.ts`).
 */
export const EPOCH_RESERVE_BYTES = 64 * 2 ** 20

/** Who writes the first epoch records of a log beside a restored store. No node has the name. */
export const RESTORED_BY = 'restore' as NodeId

/** What is appended: by an owner, or to become one. */
export type AppendKind = 'write' | 'epoch'

export interface LogEntry {
  readonly position: LogPosition
  /**
   * The position before this one in the partition, by which a reader sees that nothing is missing in
   * between; POSITION_NONE: it is the first ever given. It is told of trimmed ones too. undefined: no
   * owner appended the entry, so it says nothing.
   */
  readonly previous: LogPosition | undefined
  readonly payload: Buffer
}

export interface Log {
  /**
   * Appends one record; resolves once it survives what the log is built to survive.
   *
   * @param kind 'write' if it is left out; an epoch record may use the reserve above the bound
   * @throws TinygridError
   *   log_replaced    the last position is not `expectedLast`; not appended
   *   log_full        the log's bound in bytes or the disk is reached; not appended
   *   log_unavailable not appended
   *   log_uncertain   it may have been appended, now or later: repeat it with the same
   *                   `expectedLast`, and on log_replaced read the tail for the record's own id
   */
  append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind?: AppendKind,
  ): Promise<LogPosition>

  /**
   * The last position ever given in the partition, to a foreign entry too (`foreign-entries.ts`);
   * POSITION_NONE if none. Survives trimming.
   */
  last(partition: PartitionId): Promise<LogPosition>

  /**
   * Entries with a position above `after`, rising, but for foreign ones. Sees every append resolved
   * before the call.
   */
  readAfter(partition: PartitionId, after: LogPosition): AsyncIterable<LogEntry>

  /**
   * Forgets entries up to `upTo`, inclusive, but never a partition's last one. May be repeated and
   * may be lost in a crash.
   */
  trim(partition: PartitionId, upTo: LogPosition): Promise<void>

  /**
   * Keeps a version that the store refused for good; replaces an earlier one of its key, never a
   * later one. So does no call that takes effect after its caller has given it up.
   */
  addDeadLetter(letter: DeadLetter): Promise<void>
  deadLetters(): AsyncIterable<DeadLetter>
  /** Removes the letter of this key, if there is one up to this position. May be repeated. */
  removeDeadLetter(key: string, upTo: LogPosition): Promise<void>

  /** Bytes held now: those of the payloads at least. A log of several nodes tells a second late. */
  bytes(): number

  /** Resolves when all that was resolved is durable and nothing of the log is open. */
  close(): Promise<void>
}

export interface DeadLetter {
  /** The link's code. */
  readonly key: string
  readonly partition: PartitionId
  readonly position: LogPosition
  /** What the store said, for the operator. */
  readonly reason: string
  readonly payload: Buffer
}

/**
 * The click log: batches in the order in which they were stored, kept for a time.
 *
 * One process appends (embedded) or each node does (cluster); any number of readers read, each from a
 * position of its own. Positions rise, need not be dense, and are never used again, also not by a log
 * that takes the place of one that was lost. The oldest
 * batches are dropped past the log's bounds of age and bytes, whoever has read them or not: a reader
 * sees that by `firstPosition`.
 */

export interface ClickLogWriter {
  /**
   * Stores a batch; resolves once it survives what the log is built to survive. A batch whose id was
   * stored before changes nothing, so a batch may be tried again until it resolves.
   *
   * @param id as `batchId` makes it
   * @throws TinygridError click_log_unavailable: it may have been stored
   */
  append(id: string, payload: Uint8Array): Promise<void>
  close(): Promise<void>
}

export interface LoggedBatch {
  readonly position: number
  readonly payload: Uint8Array
}

export interface ClickLogReader {
  /**
   * Batches after a position, rising, at most some megabytes of them; empty if there are none. Sees every append
   * resolved before the call.
   *
   * @throws TinygridError click_log_unavailable
   */
  read(after: number): Promise<readonly LoggedBatch[]>
  /** Resolves when there may be batches after `position`, or `signal` is aborted, or some time has passed. */
  more(position: number, signal: AbortSignal): Promise<void>
  /** What the log holds now. Positions are 0 if it has never held any. */
  span(): Promise<ClickLogSpan>
  close(): Promise<void>
}

export interface ClickLogSpan {
  /** Of the oldest batch that is held; one more than lastPosition if none is. */
  readonly firstPosition: number
  /** Ever given. */
  readonly lastPosition: number
  readonly bytes: number
}

/**
 * The link store: the database that writes reach behind the answer.
 *
 * Holds the newest version of every link, purged ones as tombstones until they are removed, and per
 * partition the checkpoint: the log position up to which the store has everything.
 *
 * Every method rejects with TinygridError store_unavailable while the store cannot do its work;
 * then nothing is known of the effect, and repeating is safe: versions are guarded by position and
 * checkpoints only rise. What it has and cannot read is store_damaged: repeating does not help.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import type { LinkDirectory } from '../../links/link-owner.ts'

export interface LinkStore extends Pick<LinkDirectory, 'list' | 'tags' | 'codesOfTags'> {
  /** The newest version the store has, tombstones included; sees every write resolved before. */
  get(code: Code): Promise<LinkVersion | undefined>

  /**
   * Writes versions, each only if the store's version of that code has a lower position. Durable
   * when it resolves. An entry that the store will never take does not hold up the others; it comes
   * back as a refusal.
   */
  write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]>

  /**
   * Every version of these partitions, tombstones included, in batches of at most LOAD_BATCH_MAX,
   * each code once; a damaged one with an empty record. Sees every write resolved before the call; of later ones any, all or none.
   */
  load(partitions: readonly PartitionId[]): AsyncIterable<readonly LinkVersion[]>

  /**
   * Of how many partitions to ask in one load: of few, because what a load has brought is lost with
   * it if it fails; of all, where each one reads the whole store.
   */
  partitionsPerLoad(): Promise<number>

  /** Checkpoints of all partitions that have one. */
  checkpoints(): Promise<ReadonlyMap<PartitionId, LogPosition>>

  /** Raises checkpoints; a lower value than the stored one changes nothing. Durable on resolve. */
  saveCheckpoints(checkpoints: ReadonlyMap<PartitionId, LogPosition>): Promise<void>

  /**
   * Removes tombstones for good, each only if the stored version still is that tombstone. The
   * caller knows that no flush of an older version can still be alive.
   */
  removeTombstones(tombstones: readonly LinkVersion[]): Promise<void>

  close(): Promise<void>
}

export interface Refusal {
  readonly code: Code
  readonly position: LogPosition
  /** What the store said. */
  readonly reason: string
}

export const LOAD_BATCH_MAX = 1000
/** Record bytes of a batch after which it takes no more, as far as the store can choose. */
export const LOAD_BATCH_BYTES_MAX = 8 * 2 ** 20

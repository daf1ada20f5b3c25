/**
 * What the write-behind asks of the owners of partitions, and tells them.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'

export interface DirtySource {
  /**
   * The newest version of a link that was noted and not flushed since. Its record stays as it is
   * until the next turn of the event loop at least, and while a store writes it.
   */
  versionOf(partition: PartitionId, code: Code): LinkVersion | undefined
  /** The store has these. A link with a newer version is still dirty. Never called for a refusal. */
  flushed(partition: PartitionId, versions: readonly LinkVersion[]): void
  /** The log must keep its entries from here on, even if the store has them; undefined: none. */
  keptFrom(partition: PartitionId): LogPosition | undefined
}

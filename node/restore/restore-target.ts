/**
 * Where a backup is restored to: a seam with two adapters, a data directory and a cluster.
 *
 * Nothing of what was written counts before `finish`; a target that was left before can be told from one that
 * is whole, and no node starts on it.
 */
import type { AccessKey } from '../../cluster/keys/access-key.ts'
import type { LinkVersion } from '../../links/link-record.ts'

export interface RestoreTarget {
  /** Of a link that comes several times the version with the highest position stays. */
  write(versions: readonly LinkVersion[]): Promise<void>
  addKeys(keys: readonly AccessKey[]): Promise<void>
  addHooks(values: ReadonlyMap<string, string>): Promise<void>
  /** The list of blocked hosts, as it is kept. */
  addHosts(list: string): Promise<void>
  /** Audited changes, in their order. */
  addChanges(entries: readonly string[]): Promise<void>
  /** The next bytes of a click store's file. */
  addClicks(bytes: Buffer): Promise<void>
  /** From now on it can be started on. Closes it too. */
  finish(): Promise<void>
  /** Lets go of it. May be repeated. */
  close(): Promise<void>
}

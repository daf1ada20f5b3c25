/**
 * Where the clicks of a backup go: a seam with two adapters, a file in a data directory and ClickHouse.
 *
 * What they are given is the bytes of a click store's file, whichever store the backup was made of.
 */
export interface ClicksTarget {
  /** The next bytes. */
  add(bytes: Uint8Array): Promise<void>
  /** They are there when it resolves. */
  finish(): Promise<void>
  /** Lets go of it. May be repeated. */
  close(): Promise<void>
}

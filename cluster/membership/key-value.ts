/**
 * The key-value seam: the few small values that the whole cluster agrees on.
 *
 * Holds the table, the nodes' leases and the controller's lease; nothing here is on the path of a
 * request. Each key has one value with a revision that rises with every change of any key. All
 * writes but `put` are conditional, which is what makes agreement possible.
 *
 * Errors: `key_value_conflict` says that the condition did not hold and nothing was changed;
 * `key_value_unavailable` that nothing is known: the change may have happened, now or later.
 */

export interface KeyValueEntry {
  readonly key: string
  /** undefined: the key was deleted. */
  readonly value: string | undefined
  /** A positive integer, above that of every earlier change of any key. */
  readonly revision: number
}

export interface KeyValue {
  /** The newest entry; sees every write resolved before the call. undefined: there is no value. */
  get(key: string): Promise<KeyValueEntry | undefined>

  /** Writes a key that has no value. Returns the revision. @throws key_value_conflict */
  create(key: string, value: string): Promise<number>

  /** Writes a key whose revision is `expected`. Returns the new one. @throws key_value_conflict */
  update(key: string, value: string, expected: number): Promise<number>

  /** Deletes a key whose revision is `expected`. @throws key_value_conflict */
  delete(key: string, expected: number): Promise<void>

  /**
   * Calls `onEntry` with the value of each key there is, then `onCurrent` once, then `onEntry` with
   * each change, in order of revision. May leave out a change that a newer one of its key has
   * overtaken. Goes on by itself after an outage, then without `onCurrent`.
   * @param keys of these alone; left out: of all
   */
  watch(
    onEntry: (entry: KeyValueEntry) => void,
    onCurrent: () => void,
    keys?: readonly string[],
  ): Promise<StopWatch>

  close(): Promise<void>
}

export type StopWatch = () => void

/**
 * One small text that all nodes keep together: a seam with an adapter for each way to run.
 *
 * Used for what an admin changes while the program runs and what every node must know: the list of blocked
 * hosts. In a cluster it is a value of the private bucket (`bucket-text.ts`), embedded a file of the data
 * directory (`persistence/data-directory/text-file.ts`). It is in memory, so who needs it asks nobody. What it
 * means is its user's business. Rejected: a value for each entry, as keys have, which needs an adapter that
 * knows entries; these lists are short and change rarely.
 */

export interface KeptText {
  /** undefined: nothing was ever kept. */
  readonly current: string | undefined
  /**
   * Puts what `make` makes of the newest text in its place; durable when it resolves. Where others
   * change it at the same moment `make` is called again. What it throws is thrown, and changes nothing.
   *
   * @throws TinygridError list_unavailable, key_value_unavailable, key_value_conflict
   */
  change(make: (text: string | undefined) => string): Promise<void>
  /** Called after it has changed, whoever did it. Returns what ends it. */
  onChange(listener: () => void): () => void
  close(): Promise<void>
}

/** In bytes: a message of NATS carries it. */
export const KEPT_TEXT_BYTES_MAX = 512 * 1024

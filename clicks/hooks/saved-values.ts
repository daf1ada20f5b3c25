/**
 * What must outlive the analytics process and is not a click: webhooks, reports, how far each has come.
 *
 * A seam with two adapters: a file in the data directory (`file-values.ts`) and the cluster's bucket
 * (`bucket-values.ts`). Values are small JSON texts under names of [a-z0-9.-]. One process writes at a time: in a
 * cluster the one that has the lead (`hook-lead.ts`).
 */

export interface SavedValues {
  /** All names that begin with `prefix`, with their values, by name. */
  list(prefix: string): Promise<ReadonlyMap<string, string>>
  /** Durable when it resolves. @throws TinygridError click_store_unavailable */
  put(name: string, value: string): Promise<void>
  /** Durable when it resolves; nothing if there is no such name. */
  remove(name: string): Promise<void>
}

/** Of one value, in characters: whatever is saved has limits of its own below it. */
export const SAVED_VALUE_MAX = 256 * 1024

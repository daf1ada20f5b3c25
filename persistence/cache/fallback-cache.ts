/**
 * The fallback cache: what a gateway asks when a link's owner does not answer.
 *
 * May forget anything at any time and may lag behind by what is still on its way; it is never wrong
 * for longer than its time to live, because an older version never replaces a newer one. An owner
 * never takes its word. Embedded there is none: the owner is always here.
 *
 * Every method but `close` rejects with TinygridError cache_unavailable while the cache cannot do its
 * work, and soon: a redirect waits for it. Then nothing is known of the effect; repeating is safe.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code } from '../../links/ids.ts'

export interface FallbackCache {
  /** The newest version it was given and still has; undefined says nothing about the link. */
  get(code: Code): Promise<LinkVersion | undefined>

  /**
   * Keeps each version unless it has one of that code with the same or a higher position, for at
   * most the time to live from now. May be repeated, in any order.
   */
  put(versions: readonly LinkVersion[]): Promise<void>

  /** Forgets everything, so that versions missed during an outage cannot be served. */
  clear(): Promise<void>

  close(): Promise<void>
}

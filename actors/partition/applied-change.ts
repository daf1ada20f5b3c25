/**
 * A change of a link as it is told to others, once it is durable: that it was made, changed or deleted.
 *
 * Made while a batch is decided, because only then the request and the link before it are known; told by
 * the host when the log has the batch. So what is replayed, loaded or handed over is not told, and
 * a visit is no change.
 */
import type { EpochMs } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { WriteRequest } from '../../links/link-owner.ts'

export interface AppliedChange {
  /** A link that is restored has changed; one that is purged was deleted, if it was not before. */
  readonly kind: 'created' | 'changed' | 'deleted'
  readonly at: EpochMs
  /** As it is now; one that was deleted, as it was. */
  readonly link: Link
}

/** undefined: nothing that others are told. */
export function appliedChange(
  { kind }: WriteRequest,
  before: Link | undefined,
  next: Link,
  at: EpochMs,
): AppliedChange | undefined {
  const isLive = next.lifecycle === 'live'
  if (kind === 'visit') return undefined
  if (kind === 'create' || kind === 'import') {
    return isLive ? { kind: 'created', at, link: next } : undefined
  }
  if (isLive) return { kind: 'changed', at, link: next }
  return before?.lifecycle === 'live' ? { kind: 'deleted', at, link: before } : undefined
}

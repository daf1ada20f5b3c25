/**
 * Keeps visitors from what is blocked: asked wherever one is about to be sent, or shown where a link leads.
 *
 * A blocked link answers 403, with a page that says so. Not 451, which tells of a demand by law that somebody could
 * look up; nor 404 or 410, by which the link's maker would look for a mistake of his own.
 */
import type { BlockedHosts } from '../../links/blocked-hosts.ts'
import { TinygridError } from '../../links/errors.ts'
import type { LinkOptions } from '../../links/link.ts'

export interface Blocking {
  readonly blocked: Pick<BlockedHosts, 'has' | 'isEmpty'>
}

/** The target, if a visitor may be sent there. @throws TinygridError target_blocked */
export function unblocked<T extends { readonly url: string }>({ blocked }: Blocking, target: T): T {
  if (!blocked.has(target.url)) return target
  throw new TinygridError('target_blocked')
}

/** Of a page that shows all that a link leads to. @throws TinygridError target_blocked */
export function unblockedWhole<T extends LinkOptions & { readonly url: string }>(
  blocking: Blocking,
  link: T,
): T {
  if (blocking.blocked.isEmpty) return link
  if (link.expiredUrl !== undefined) unblocked(blocking, { url: link.expiredUrl })
  for (const { targets } of link.rules ?? []) {
    for (const target of targets) unblocked(blocking, target)
  }
  return unblocked(blocking, link)
}

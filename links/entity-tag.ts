/**
 * The ETag of a link: changes whenever what its owner can edit changes, and not with a visit.
 *
 * Visits are left out on purpose: a link that is being visited could otherwise never be edited
 * under If-Match. Derived from the content, so nothing is stored for it; `updatedAt` is part of it,
 * so a change back to earlier content is a new tag.
 */
import { hash } from 'node:crypto'
import { optionsOf } from './link-options.ts'
import type { Link } from './link.ts'

/** A strong entity tag with its quotes. */
export function entityTag(link: Link): string {
  const content = [
    link.url,
    link.title,
    link.tags,
    link.expiresAt,
    link.maxVisits,
    link.updatedAt,
    link.lifecycle,
    ...Object.entries(optionsOf(link)),
  ]
  const digest = hash('sha1', JSON.stringify(content), 'base64url')
  return `"${digest.slice(0, 16)}"`
}

/** Whether an If-Match value (`*` or a list of tags) holds for the link. Weak tags never match. */
export function matchesEntityTag(ifMatch: string, link: Link): boolean {
  const wanted = new Set(ifMatch.split(',').map((tag) => tag.trim()))
  return wanted.has('*') || wanted.has(entityTag(link))
}

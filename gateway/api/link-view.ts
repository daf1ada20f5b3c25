/**
 * A link as the API shows it.
 */
import assert from 'node:assert/strict'
import { domainOf, plainCodeOf } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import { shortUrlOf } from '../http/public-address.ts'
import { formatIsoTime } from './iso-time.ts'
import { viewOfOptions } from './link-option-fields.ts'
import type { ExportedLinkView } from './bulk-schemas.ts'
import type { LinkView, ShortLinkView } from './link-schemas.ts'

/**
 * @param baseUrl what short links start with, without a slash at the end
 * @param visits of a link that does not count them itself; null: not known
 */
export function viewOf(link: Link, baseUrl: string, visits: number | null = null): LinkView {
  const createdAt = formatIsoTime(link.createdAt)
  return {
    ...namesOf(link.code, baseUrl),
    url: link.url,
    title: link.title,
    tags: [...link.tags],
    createdAt,
    updatedAt: link.updatedAt === link.createdAt ? createdAt : formatIsoTime(link.updatedAt),
    expiresAt: link.expiresAt === null ? null : formatIsoTime(link.expiresAt),
    maxVisits: link.maxVisits,
    visits: link.maxVisits === null ? visits : link.visits,
    ...viewOfOptions(link),
    hasPassword: link.passwordHash !== undefined,
  }
}

/** The domain is told of links on another one than the default alone. */
function namesOf(full: Code, baseUrl: string) {
  const domain = domainOf(full)
  const names = { code: plainCodeOf(full) as string, shortUrl: shortUrlOf(baseUrl, full) }
  return domain === null ? names : { ...names, domain: domain as string }
}

/** A link as it is shown to who has no key. */
export function shortViewOf(link: Link, baseUrl: string): ShortLinkView {
  return { ...namesOf(link.code, baseUrl), url: link.url }
}

/** A link that was not purged, with all there is to it: the hash of its password too. */
export function exportedViewOf(link: Link, baseUrl: string): ExportedLinkView {
  assert(link.lifecycle !== 'purged', `${link.code} was purged`)
  const { hasPassword: _hasPassword, ...view } = viewOf(link, baseUrl)
  const { isAlias, lifecycle: state, passwordHash = null } = link
  return { ...view, isAlias, state, passwordHash }
}

/**
 * A link as Shlink shows a short URL. Pure.
 *
 * What it has and Shlink does not know (its own status, a page for when it is over, a password) is not shown, and
 * stays as it is when the short URL is edited.
 */
import { domainOf, plainCodeOf } from '../../../links/full-code.ts'
import type { Link } from '../../../links/link.ts'
import type { GatewaySettings } from '../../gateway-settings.ts'
import { shortUrlOf as addressOf } from '../../http/public-address.ts'
import { formatIsoTime } from '../../api/iso-time.ts'
import type { VisitsSummary } from './visit-counts.ts'

export interface ShortUrlView {
  readonly shortCode: string
  readonly shortUrl: string
  readonly longUrl: string
  readonly dateCreated: string
  readonly visitsSummary: VisitsSummary
  readonly tags: readonly string[]
  readonly meta: {
    readonly validSince: string | null
    readonly validUntil: string | null
    readonly maxVisits: number | null
  }
  readonly domain: string | null
  readonly title: string | null
  readonly crawlable: boolean
  readonly forwardQuery: boolean
  readonly hasRedirectRules: boolean
}

export function shortUrlOf(
  link: Link,
  baseUrl: string,
  visitsSummary: VisitsSummary,
  settings: Pick<GatewaySettings, 'robots' | 'forwardQuery'>,
): ShortUrlView {
  const { code, url, createdAt, tags, validFrom, expiresAt, maxVisits, title, rules } = link
  return {
    shortCode: plainCodeOf(code),
    shortUrl: addressOf(baseUrl, code),
    longUrl: url,
    dateCreated: formatIsoTime(createdAt),
    visitsSummary,
    tags,
    meta: {
      validSince: validFrom === undefined ? null : formatIsoTime(validFrom),
      validUntil: expiresAt === null ? null : formatIsoTime(expiresAt),
      maxVisits,
    },
    domain: domainOf(code),
    title,
    crawlable: settings.robots === 'allow',
    forwardQuery: (link.forwardQuery ?? settings.forwardQuery) !== false,
    hasRedirectRules: rules !== undefined,
  }
}

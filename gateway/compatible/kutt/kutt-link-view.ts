/**
 * A link as Kutt shows it. Pure.
 *
 * What it has and Kutt does not know (tags, rules, a maximum) is not shown, and stays as it is when the link is
 * edited. Nothing is ever `banned`: where a link may not lead is said of hosts here.
 */
import { domainOf, plainCodeOf } from '../../../links/full-code.ts'
import type { Link } from '../../../links/link.ts'
import { formatIsoTime } from '../../api/iso-time.ts'
import { shortUrlOf } from '../../http/public-address.ts'

export interface KuttLink {
  readonly id: string
  readonly address: string
  readonly banned: false
  readonly created_at: string
  readonly updated_at: string
  readonly password: boolean
  readonly description: string | null
  readonly expire_in: string | null
  readonly target: string
  readonly visit_count: number
  readonly domain: string | null
  readonly link: string
}

/** @param visits null: not known */
export function kuttLinkOf(
  link: Link,
  id: string,
  baseUrl: string,
  visits: number | null,
): KuttLink {
  const { code, createdAt, updatedAt, expiresAt } = link
  return {
    id,
    address: plainCodeOf(code),
    banned: false,
    created_at: formatIsoTime(createdAt),
    updated_at: formatIsoTime(updatedAt),
    password: link.passwordHash !== undefined,
    description: link.title,
    expire_in: expiresAt === null ? null : formatIsoTime(expiresAt),
    target: link.url,
    visit_count: visits ?? 0,
    domain: domainOf(code),
    link: shortUrlOf(baseUrl, code),
  }
}

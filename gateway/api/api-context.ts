/**
 * What the API's routes share: the owner of links, the clock, the address, the checks.
 *
 * Made once by the gateway. Also the steps that several routes begin or end with.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HookDesks } from '../../clicks/hooks/hook-desks.ts'
import type { Analytics } from '../../clicks/analytics/analytics.ts'
import type { ClickRecorder } from '../../clicks/ring/click-recorder.ts'
import { entityTag } from '../../links/entity-tag.ts'
import { TinygridError } from '../../links/errors.ts'
import type { AuditNotes } from '../audit/audit-trail.ts'
import type { NodeBlocking } from '../blocking/node-blocking.ts'
import { parseIfMatch } from '../../links/link-fields.ts'
import { fullCode } from '../../links/full-code.ts'
import { parseCode, type Code, type EpochMs } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { LinkDirectory, LinkOwner } from '../../links/link-owner.ts'
import type { LongWork } from '../../links/long-work.ts'
import type { ErrorReplies } from '../http/error-reply.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import type { BeginBackup } from './backup-route.ts'
import { codeWithin } from './caller.ts'
import type { KnownDomains } from './domain-fields.ts'
import type { LinkCreator } from './link-creation.ts'
import type { RequestContext } from './link-request.ts'
import type { LinkVisits } from '../stats/link-visits.ts'
import type { PasswordDesk } from '../passwords/password-desk.ts'
import { viewOf } from './link-view.ts'
import type { PublicAddress } from '../http/public-address.ts'

export interface ApiContext {
  readonly settings: GatewaySettings
  readonly owner: LinkOwner
  readonly directory: LinkDirectory
  /** Begins a backup of everything; undefined: nothing here makes one. */
  readonly backup: BeginBackup | undefined
  readonly domains: KnownDomains
  readonly creator: LinkCreator
  /** Makes hashes of passwords. */
  readonly passwords: Pick<PasswordDesk, 'hash'>
  readonly address: PublicAddress
  readonly errors: ErrorReplies
  readonly work: LongWork
  readonly now: () => EpochMs
  /** undefined: clicks are not counted. */
  readonly analytics: Analytics | undefined
  /** Where deletions of clicks are noted. */
  readonly deletions: Pick<ClickRecorder, 'noteDeletion'> | undefined
  readonly desks: HookDesks | undefined
  readonly visits: LinkVisits
  readonly blocking: NodeBlocking
  /** Told of each change before it is answered. */
  readonly audit: AuditNotes
}

/**
 * The full code of the link that path and query name. What cannot be a code was never given.
 *
 * @throws TinygridError link_not_found; invalid_field (domain); forbidden
 */
export function codeParam({ domains }: Pick<ApiContext, 'domains'>, request: FastifyRequest): Code {
  const { code } = request.params as { code: string }
  const { domain } = request.query as { domain?: string }
  const parsed = parseCode(code)
  if (parsed === undefined) throw new TinygridError('link_not_found')
  return codeWithin(request, fullCode(domains.parse(domain), parsed))
}

/** The If-Match header for the owner; absent if there is none. @throws TinygridError invalid_field */
export function ifMatchOf(request: FastifyRequest): { ifMatch?: string } {
  const ifMatch = request.headers['if-match']
  return ifMatch === undefined ? {} : { ifMatch: parseIfMatch(ifMatch) }
}

export function requestContext(
  { settings, domains, address, now, blocking }: ApiContext,
  request: FastifyRequest,
  prefix = '',
): RequestContext {
  const targets = { ...settings.targets, own: address.own(request), blocked: blocking.blocked }
  return { targets, domains, now: now(), prefix }
}

/**
 * Replies with the link and its entity tag.
 *
 * @param visits as `viewOf` takes them
 */
export function sendLink(
  { address }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  link: Link,
  visits: number | null = null,
): FastifyReply {
  const view = viewOf(link, address.baseUrl(request), visits)
  return reply.header('etag', entityTag(link)).send(view)
}

/** How often a link was followed, if it does not count that itself; null: not known. */
export async function visitsOf({ visits }: ApiContext, link: Link): Promise<number | null> {
  if (link.maxVisits !== null) return null
  return (await visits.of([link.code]))(link.code)
}

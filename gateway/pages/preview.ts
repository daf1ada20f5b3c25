/**
 * `GET /:code+`: a page that shows where a short link leads, without going there.
 *
 * Used by the redirect route, which sees the plus sign. Not a visit: nothing is counted, and a link
 * with maxVisits shows its target too, as long as it has visits left.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseCode, type Code, type EpochMs, type PlainCode } from '../../links/ids.ts'
import { lookupOf, type Link } from '../../links/link.ts'
import type { LinkOwner } from '../../links/link-owner.ts'
import { unblockedWhole, type Blocking } from '../blocking/blocked-target.ts'
import type { ErrorReplies } from '../http/error-reply.ts'
import { HTML_TYPE } from './page.ts'
import type { PublicAddress } from '../http/public-address.ts'
import { pathOfTarget } from '../http/request-target.ts'
import { SECURITY_HEADERS } from '../http/security-headers.ts'
import type { RedirectDefaults } from './redirect-reply.ts'
import { previewPage, protectedPage, visitorError } from './visitor-pages.ts'

export interface PreviewOptions extends RedirectDefaults, Blocking {
  readonly owner: LinkOwner
  readonly now: () => EpochMs
  readonly errors: ErrorReplies
  readonly address: PublicAddress
}

/** The code before the plus sign; undefined if the target is no preview of anything. */
export function previewedCode(target: string): PlainCode | undefined {
  const path = pathOfTarget(target)
  return path.endsWith('+') ? parseCode(path.slice(1, -1)) : undefined
}

export async function sendPreview(
  options: PreviewOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  code: Code,
): Promise<FastifyReply> {
  try {
    const link = await visibleLink(options, code)
    if (link.passwordHash !== undefined) return sendProtected(reply)
    const { redirectStatus, forwardQuery } = options
    const shortUrl = options.address.shortUrl(request, link.code)
    return reply
      .headers(SECURITY_HEADERS)
      .header('cache-control', 'no-store')
      .type(HTML_TYPE)
      .send(previewPage({ redirectStatus, forwardQuery, ...link }, shortUrl))
  } catch (error) {
    return options.errors.sendPage(request, reply, error)
  }
}

function sendProtected(reply: FastifyReply): FastifyReply {
  return reply
    .headers(SECURITY_HEADERS)
    .header('cache-control', 'no-store')
    .type(HTML_TYPE)
    .send(protectedPage())
}

/** The link, if a visitor of it would be redirected. @throws TinygridError */
export async function visibleLink(options: PreviewOptions, code: Code): Promise<Link> {
  const { owner, now } = options
  const link = await owner.read(code)
  const found = lookupOf(link, now())
  const isGone = found.kind === 'gone' || found.kind === 'absent' || found.kind === 'scheduled'
  if (link === undefined || isGone) throw visitorError(found)
  return unblockedWhole(options, link)
}

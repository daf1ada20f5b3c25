/**
 * Who asks for a link that nobody has followed: a browser that prefetches, a chat's preview bot.
 *
 * Used by the redirect route for links with maxVisits, of which a passer-by must use up nothing; for all
 * other links he is redirected like anybody. A preview bot gets a page with Open Graph tags, which tells
 * the title and the host of the target, not its path: whoever borrows the bot's name learns no more.
 *
 * A prefetch gets 503, with nothing in it and not to be kept. Not 204: Chrome takes any 2xx for what it
 * wanted, and who then follows the link stays where he was. And no Retry-After, after which Chrome
 * prefetches nothing of this host for a while.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AGENT_READ_MAX } from '../../clicks/parse/agent.ts'
import { cleanText } from '../../clicks/parse/clean-text.ts'
import { previewName } from '../../clicks/parse/link-previews.ts'
import { PURPOSE_HEADERS, saysPrefetch } from '../../clicks/parse/visit-purpose.ts'
import type { Code } from '../../links/ids.ts'
import { SECURITY_HEADERS } from '../http/security-headers.ts'
import { HTML_TYPE } from './page.ts'
import { visibleLink, type PreviewOptions } from './preview.ts'
import { protectedPage, unfurledPage } from './visitor-pages.ts'

export type PasserBy = 'prefetch' | 'preview bot'

/** undefined: a visitor. */
export function passerBy(headers: IncomingHttpHeaders): PasserBy | undefined {
  const agent = cleanText(headers['user-agent'] ?? '', AGENT_READ_MAX)
  if (previewName(agent) !== undefined) return 'preview bot'
  const purposes = PURPOSE_HEADERS.map((name) => headers[name]).join(';')
  return saysPrefetch(purposes) ? 'prefetch' : undefined
}

/** @throws TinygridError if there is no such link, or none any more */
export async function answerPasserBy(
  options: PreviewOptions,
  who: PasserBy,
  request: FastifyRequest,
  reply: FastifyReply,
  code: Code,
): Promise<void> {
  if (who === 'prefetch') {
    reply.code(503).header('cache-control', 'no-store').send()
    return
  }
  const link = await visibleLink(options, code)
  // It may have been given a password since it was looked up.
  const isProtected = link.passwordHash !== undefined
  reply
    .headers(SECURITY_HEADERS)
    .header('cache-control', 'no-store')
    .type(HTML_TYPE)
    .send(
      isProtected ? protectedPage() : unfurledPage(link, options.address.shortUrl(request, code)),
    )
}

/**
 * `/rest/v3/short-urls`: list, create, read, edit and delete short URLs.
 *
 * Deleting is ours: the code stays taken, and the link can be restored. Lists are long work.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Link } from '../../../links/link.ts'
import type { Steps } from '../../../links/long-work.ts'
import { JSON_TYPE } from '../../api/api-replies.ts'
import { listedWithin } from '../../api/caller.ts'
import { LongRequests } from '../../api/long-request.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { domainOfRequest } from '../foreign-domain.ts'
import { ForeignLinks } from '../foreign-links.ts'
import { codeOfRequest } from './domain.ts'
import { paginationOf } from './numbered-pages.ts'
import { bodyOf, changesOf, newShortUrl } from './short-url-body.ts'
import { ShortUrlList } from './short-url-list.ts'
import { parseShortUrlQuery } from './short-url-query.ts'
import { shortUrlOf, type ShortUrlView } from './short-url-view.ts'
import { shownSummaries, type SummaryOf } from './visit-counts.ts'

const PATH = '/rest/v3/short-urls'

export function shortUrlRoutes(app: FastifyInstance, context: ForeignContext): void {
  const { settings } = context
  const links = new ForeignLinks(context)
  const isCrawlable = settings.robots === 'allow'
  listRoute(app, context)

  app.post(PATH, async (request) => {
    const body = bodyOf(request.body)
    const domain = domainOfRequest(context, request, body['domain'])
    const asked = newShortUrl(body, isCrawlable)
    const on = domain === null ? {} : { domain }
    const { link } = await links.create(request, { ...asked, body: { ...asked.body, ...on } })
    return viewOf(context, request, link)
  })

  app.get(`${PATH}/:code`, async (request) => {
    return viewOf(context, request, await links.live(request, codeOfRequest(context, request)))
  })

  app.patch(`${PATH}/:code`, async (request) => {
    const changes = changesOf(bodyOf(request.body), isCrawlable)
    return viewOf(
      context,
      request,
      await links.change(request, codeOfRequest(context, request), changes),
    )
  })

  app.delete(`${PATH}/:code`, async (request, reply) => {
    await links.delete(request, codeOfRequest(context, request))
    return reply.code(204).send()
  })
}

function listRoute(app: FastifyInstance, context: ForeignContext): void {
  const { work, address, now } = context
  const list = new ShortUrlList(context)
  const requests = new LongRequests(work, 0)
  app.get(PATH, { onRequest: requests.admit }, (request, reply) =>
    requests.answer(request, async (signal) => {
      const asked = request.query as Readonly<Record<string, unknown>>
      const domain = domainOfRequest(context, request, asked['domain'])
      const plain = parseShortUrlQuery(asked, address.own(request), now())
      // With one domain there is nothing to look for.
      const isAnyDomain = !asked['domain'] || context.domains.names.length === 0
      const on = { ...(isAnyDomain ? {} : { domain }), ...listedWithin(request) }
      const query = { ...plain, filters: { ...plain.filters, ...on } }
      const { links, total } = await list.page(query, signal)
      const summaries = await shownSummaries(context, links)
      const texts = await work.run(textsOf(context, request, links, summaries), 'request')
      const pagination = JSON.stringify(paginationOf(query, links.length, total))
      return reply
        .type(JSON_TYPE)
        .send(`{"shortUrls":{"data":[${texts.join(',')}],"pagination":${pagination}}}`)
    }),
  )
}

function* textsOf(
  { address, settings }: ForeignContext,
  request: FastifyRequest,
  links: readonly Link[],
  summaries: SummaryOf,
): Steps<string[]> {
  const baseUrl = address.baseUrl(request)
  const texts: string[] = []
  for (const link of links) {
    yield
    texts.push(JSON.stringify(shortUrlOf(link, baseUrl, summaries(link), settings)))
  }
  return texts
}

async function viewOf(
  context: ForeignContext,
  request: FastifyRequest,
  link: Link,
): Promise<ShortUrlView> {
  const summaries = await shownSummaries(context, [link])
  const { address, settings } = context
  return shortUrlOf(link, address.baseUrl(request), summaries(link), settings)
}

/**
 * `/api/v2/links`: list, create, edit and delete links, and the statistics of one.
 *
 * Deleting is ours: the code stays taken, and the link can be restored. A key sees all links that it may, so `all` is
 * left alone. Lists and statistics are long work.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { TinygridError } from '../../../links/errors.ts'
import { plainCodeOf } from '../../../links/full-code.ts'
import type { Code } from '../../../links/ids.ts'
import type { Link } from '../../../links/link.ts'
import { SEARCH_LENGTH_MAX } from '../../../links/list-filter.ts'
import { listedWithin } from '../../api/caller.ts'
import { LongRequests } from '../../api/long-request.ts'
import { codeOfShortUrl } from '../../api/short-url.ts'
import { analyticsOf } from '../../stats/click-context.ts'
import { invalid } from '../../stats/question-request.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { domainOfRequest } from '../foreign-domain.ts'
import { ForeignLinks } from '../foreign-links.ts'
import { NewestLinks, OFFSET_MAX } from '../newest-links.ts'
import { visitsOfLinks } from '../visits-of-links.ts'
import { bodyOf, kuttChanges, newKuttLink } from './kutt-body.ts'
import type { KuttIds } from './kutt-ids.ts'
import { kuttLinkOf, type KuttLink } from './kutt-link-view.ts'
import { kuttStatsOf } from './kutt-stats.ts'

const PATH = '/api/v2/links'
const LIMIT_DEFAULT = 10
const LIMIT_MAX = 50
/** Of whole numbers in a query. */
const DIGITS_MAX = 9

export function kuttLinkRoutes(app: FastifyInstance, context: ForeignContext, ids: KuttIds): void {
  const links = new ForeignLinks(context)
  listRoute(app, context, ids)
  statsRoute(app, context, ids, links)

  app.post(PATH, async (request, reply) => {
    const body = bodyOf(request.body)
    const asked = newKuttLink(body, context.now())
    const domain = domainOfRequest(context, request, body['domain'])
    const on = domain === null ? {} : { domain }
    const made = await links.create(request, { ...asked, body: { ...asked.body, ...on } })
    const [view] = await viewsOf(context, ids, request, [made.link])
    return reply.code(made.isNew ? 201 : 200).send(view)
  })

  app.patch(`${PATH}/:id`, async (request) => {
    const code = codeOfRequest(ids, request)
    const changes = kuttChanges(bodyOf(request.body), plainCodeOf(code), context.now())
    const link = await links.change(request, code, changes)
    return (await viewsOf(context, ids, request, [link]))[0]
  })

  app.delete(`${PATH}/:id`, async (request) => {
    await links.delete(request, codeOfRequest(ids, request))
    return { message: 'Link has been deleted successfully.' }
  })
}

function listRoute(app: FastifyInstance, context: ForeignContext, ids: KuttIds): void {
  const list = new NewestLinks(context, () =>
    invalid('skip', `skip may be at most ${OFFSET_MAX}, unless the links before were just read`),
  )
  const requests = new LongRequests(context.work, 0)
  app.get(PATH, { onRequest: requests.admit }, (request) =>
    requests.answer(request, async (signal) => {
      const query = request.query as Readonly<Record<string, unknown>>
      const limit = Math.min(countOf(query, 'limit') || LIMIT_DEFAULT, LIMIT_MAX)
      const skip = countOf(query, 'skip')
      const search = textOf(query, 'search')
      const whole = codeOfShortUrl(search, context.address.own(request))
      const filters = {
        ...(search === '' ? {} : { search: whole ?? search }),
        ...listedWithin(request),
      }
      const { links, total } = await list.page(filters, { offset: skip, count: limit }, signal)
      return { total, limit, skip, data: await viewsOf(context, ids, request, links) }
    }),
  )
}

function statsRoute(
  app: FastifyInstance,
  context: ForeignContext,
  ids: KuttIds,
  links: ForeignLinks,
): void {
  const requests = new LongRequests(context.work, 0)
  app.get(`${PATH}/:id/stats`, { onRequest: requests.admit }, (request) =>
    requests.answer(request, async (signal) => {
      const link = await links.live(request, codeOfRequest(ids, request))
      const analytics = analyticsOf(context)
      const stats = await kuttStatsOf(analytics, link.code, context.now(), signal)
      const [view] = await viewsOf(context, ids, request, [link])
      return { ...stats, ...view }
    }),
  )
}

async function viewsOf(
  context: ForeignContext,
  ids: KuttIds,
  request: FastifyRequest,
  links: readonly Link[],
): Promise<KuttLink[]> {
  const visits = await visitsOfLinks(context, links)
  const baseUrl = context.address.baseUrl(request)
  return links.map((link) => kuttLinkOf(link, ids.idOf(link.code), baseUrl, visits(link.code)))
}

/** @throws TinygridError link_not_found */
function codeOfRequest(ids: KuttIds, request: FastifyRequest): Code {
  const code = ids.codeOf((request.params as { id: string }).id)
  if (code === undefined) throw new TinygridError('link_not_found')
  return code
}

/** What is no such number is 0. @throws TinygridError invalid_field */
function countOf(query: Readonly<Record<string, unknown>>, name: string): number {
  const text = textOf(query, name)
  return /^\d+$/.test(text) && text.length <= DIGITS_MAX ? Number(text) : 0
}

/** @throws TinygridError invalid_field */
function textOf(query: Readonly<Record<string, unknown>>, name: string): string {
  const text = query[name] ?? ''
  if (typeof text === 'string' && text.length <= SEARCH_LENGTH_MAX) return text.trim()
  throw invalid(name, `${name} query is not valid.`)
}

/**
 * `GET /api/links`: all links, newest first or by visits, page by page.
 *
 * Who searches for a whole short URL is after that link, which its owner knows without a search.
 * Long work: finding them, in the store, and writing the answer.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Code } from '../../links/ids.ts'
import type { ListPage, ListQuery } from '../../links/link-owner.ts'
import { ListFilter, type ListState } from '../../links/list-filter.ts'
import type { Steps } from '../../links/long-work.ts'
import type { ApiContext } from './api-context.ts'
import { listedWithin } from './caller.ts'
import { JSON_TYPE, jsonReply, problemReplies } from './api-replies.ts'
import {
  LIST_LIMIT_DEFAULT,
  linkPageSchema,
  listQuerySchema,
  type ListOrder,
} from './link-schemas.ts'
import { analyticsOf } from '../stats/click-context.ts'
import type { VisitsOf } from '../stats/link-visits.ts'
import { mostVisited } from '../stats/most-visited.ts'
import { parseMoment } from '../stats/time-span.ts'
import { viewOf } from './link-view.ts'
import { LongRequests } from './long-request.ts'
import { codeOfShortUrl } from './short-url.ts'

interface Query {
  readonly limit?: number
  readonly cursor?: string
  readonly search?: string
  readonly tag?: string
  readonly domain?: string
  readonly state?: ListState
  readonly createdFrom?: string
  readonly createdTo?: string
  readonly sort?: ListOrder
}

export function listRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    summary: 'List links',
    description:
      'Newest first, or by visits. A page may be short, even empty, although more follow: go by nextCursor.',
    tags: ['links'],
    querystring: listQuerySchema,
    response: { 200: jsonReply('A page', linkPageSchema), ...problemReplies(400, 401, 503) },
  }
  const { directory, owner, work, address } = context
  const requests = new LongRequests(work, 0)

  /** The link whose short URL is searched for; undefined: it is something else. */
  async function pasted(query: ListQuery, request: FastifyRequest): Promise<ListPage | undefined> {
    const { search, cursor } = query
    if (search === undefined || cursor !== undefined) return undefined
    const code = codeOfShortUrl(search, address.own(request))
    const link = code && (await owner.read(code))
    if (link?.lifecycle !== 'live') return undefined
    const { search: _found, ...filters } = query
    const isWanted = new ListFilter(filters).matches(link)
    return { links: isWanted ? [link] : [], nextCursor: null }
  }

  async function byTime(query: ListQuery, request: FastifyRequest) {
    const page = (await pasted(query, request)) ?? (await directory.list(query))
    const unmetered = page.links.filter(({ maxVisits }) => maxVisits === null)
    return { page, visits: await context.visits.of(unmetered.map(({ code }) => code)) }
  }

  async function byVisits(query: ListQuery) {
    const page = await mostVisited(analyticsOf(context), owner, query)
    return { page, visits: (code: Code) => page.visits.get(code) ?? null }
  }

  const options = { schema, onRequest: requests.admit }
  app.get<{ Querystring: Query }>('/api/links', options, (request, reply) =>
    requests.answer(request, async (signal) => {
      const query = { ...toListQuery(request.query, context), ...listedWithin(request), signal }
      const isByVisits = request.query.sort === 'visits'
      const { page, visits } = isByVisits ? await byVisits(query) : await byTime(query, request)
      const answer = await work.run(answerOf(page, visits, address.baseUrl(request)), 'request')
      return reply.type(JSON_TYPE).send(answer)
    }),
  )
}

function* answerOf(
  { links, nextCursor }: ListPage,
  visits: VisitsOf,
  baseUrl: string,
): Steps<string> {
  const views: string[] = []
  for (const link of links) {
    yield
    views.push(JSON.stringify(viewOf(link, baseUrl, visits(link.code))))
  }
  return `{"links":[${views.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`
}

/** An empty search or tag, as a form sends it, is none, and so is a search for blanks. */
function toListQuery(query: Query, { domains, now }: ApiContext): ListQuery {
  const { limit, cursor, search, tag, domain, state, createdFrom, createdTo } = query
  return {
    limit: limit ?? LIST_LIMIT_DEFAULT,
    ...(cursor === undefined ? {} : { cursor }),
    ...(search?.trim() ? { search } : {}),
    ...(tag ? { tag } : {}),
    ...(domain ? { domain: domains.parse(domain) } : {}),
    ...(state === undefined ? {} : { state: { is: state, at: now() } }),
    ...(createdFrom ? { createdFrom: parseMoment(createdFrom, 'UTC', 'createdFrom') } : {}),
    ...(createdTo ? { createdTo: parseMoment(createdTo, 'UTC', 'createdTo') } : {}),
  }
}

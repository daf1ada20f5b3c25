/**
 * `GET /api/links`: all links, newest first, page by page.
 *
 * Who searches for a whole short URL is after that link, which its owner knows without a search.
 * Long work: finding them, in the store, and writing the answer.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ListPage, ListQuery } from '../../links/link-owner.ts'
import type { Steps } from '../../links/long-work.ts'
import type { ApiContext } from './api-context.ts'
import { JSON_TYPE, jsonReply, problemReplies } from './api-replies.ts'
import { LIST_LIMIT_DEFAULT, linkPageSchema, listQuerySchema } from './link-schemas.ts'
import { viewOf } from './link-view.ts'
import { LongRequests } from './long-request.ts'
import { codeOfShortUrl } from './short-url.ts'

interface Query {
  readonly limit?: number
  readonly cursor?: string
  readonly search?: string
  readonly tag?: string
}

export function listRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    summary: 'List links, newest first',
    description: 'A page may be short, even empty, although more follow: go by nextCursor.',
    tags: ['links'],
    querystring: listQuerySchema,
    response: { 200: jsonReply('A page', linkPageSchema), ...problemReplies(400, 401, 503) },
  }
  const { directory, owner, work, address } = context
  const requests = new LongRequests(work, 0)

  /** The link whose short URL is searched for; undefined: it is something else. */
  async function pasted(query: ListQuery, request: FastifyRequest): Promise<ListPage | undefined> {
    const { search, tag, cursor } = query
    if (search === undefined || cursor !== undefined) return undefined
    const code = codeOfShortUrl(search, address.own(request))
    const link = code && (await owner.read(code))
    if (link?.lifecycle !== 'live') return undefined
    const isWanted = tag === undefined || link.tags.includes(tag)
    return { links: isWanted ? [link] : [], nextCursor: null }
  }

  const options = { schema, onRequest: requests.admit }
  app.get<{ Querystring: Query }>('/api/links', options, (request, reply) =>
    requests.answer(request, async (signal) => {
      const query = { ...toListQuery(request.query), signal }
      const page = (await pasted(query, request)) ?? (await directory.list(query))
      const answer = await work.run(answerOf(page, address.baseUrl(request)), 'request')
      return reply.type(JSON_TYPE).send(answer)
    }),
  )
}

function* answerOf({ links, nextCursor }: ListPage, baseUrl: string): Steps<string> {
  const views: string[] = []
  for (const link of links) {
    yield
    views.push(JSON.stringify(viewOf(link, baseUrl)))
  }
  return `{"links":[${views.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`
}

/** An empty search or tag, as a form sends it, is none, and so is a search for blanks. */
function toListQuery({ limit, cursor, search, tag }: Query): ListQuery {
  return {
    limit: limit ?? LIST_LIMIT_DEFAULT,
    ...(cursor === undefined ? {} : { cursor }),
    ...(search?.trim() ? { search } : {}),
    ...(tag ? { tag } : {}),
  }
}

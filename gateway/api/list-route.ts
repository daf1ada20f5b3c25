/**
 * `GET /api/links`: all links, newest first, page by page.
 */
import type { FastifyInstance } from 'fastify'
import type { ListQuery } from '../../links/link-owner.ts'
import type { ApiContext } from './api-context.ts'
import { jsonReply, problemReplies } from './api-replies.ts'
import { LIST_LIMIT_DEFAULT, linkPageSchema, listQuerySchema } from './link-schemas.ts'
import { viewOf } from './link-view.ts'

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
  app.get<{ Querystring: Query }>('/api/links', { schema }, async (request) => {
    const { links, nextCursor } = await context.directory.list(toListQuery(request.query))
    const baseUrl = context.address.baseUrl(request)
    return { links: links.map((link) => viewOf(link, baseUrl)), nextCursor }
  })
}

/** An empty search or tag, as a form sends it, is none. */
function toListQuery({ limit, cursor, search, tag }: Query): ListQuery {
  return {
    limit: limit ?? LIST_LIMIT_DEFAULT,
    ...(cursor === undefined ? {} : { cursor }),
    ...(search ? { search } : {}),
    ...(tag ? { tag } : {}),
  }
}

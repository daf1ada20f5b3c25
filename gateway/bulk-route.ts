/**
 * `POST /api/links/bulk`: create many links by one request.
 *
 * Every item is checked and decided by itself, all at the same time, so their log records share
 * batches and disk syncs. One wrong item fails alone. Items of one request go to their owners in
 * order: the same URL twice is created by the first and found by the second.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requestContext, type ApiContext } from './api-context.ts'
import { jsonReply, problemReplies } from './api-replies.ts'
import { toTinygridError } from './error-reply.ts'
import { toDraft, type RequestContext } from './link-request.ts'
import {
  bulkEnvelopeSchema,
  bulkResultsSchema,
  bulkSchema,
  newLinkSchema,
  type LinkView,
  type NewLinkBody,
} from './link-schemas.ts'
import { viewOf } from './link-view.ts'
import { toProblem, type Problem } from './problem.ts'
import { assertValid, compileSchema, validatorOf } from './validation.ts'

type BulkResult =
  | { readonly status: number; readonly link: LinkView }
  | { readonly status: number; readonly error: Problem }

export function bulkRoute(app: FastifyInstance, context: ApiContext): void {
  const { aliasLengthMax, bulkLinksMax, bulkBodyBytesMax } = context.settings
  const checkEnvelope = compileSchema(bulkEnvelopeSchema(bulkLinksMax))
  const checkItem = compileSchema(newLinkSchema(aliasLengthMax))
  const schema = {
    summary: `Create up to ${bulkLinksMax} links`,
    tags: ['links'],
    body: bulkSchema(aliasLengthMax, bulkLinksMax),
    response: {
      200: jsonReply('What became of each link', bulkResultsSchema),
      ...problemReplies(400, 401, 413, 415, 429, 503),
    },
  }

  async function createItem(
    request: FastifyRequest,
    item: unknown,
    itemContext: RequestContext,
  ): Promise<BulkResult> {
    try {
      assertValid(checkItem, item, itemContext.prefix.slice(0, -1))
      const { link, isNew } = await context.creator.create(
        toDraft(item as NewLinkBody, itemContext),
      )
      return { status: isNew ? 201 : 200, link: viewOf(link, itemContext.own.baseUrl) }
    } catch (thrown) {
      const error = toTinygridError(thrown)
      const instance = context.errors.report(request, error)
      return { status: error.status, error: toProblem(error, instance) }
    }
  }

  app.post<{ Body: { links: readonly unknown[] } }>(
    '/api/links/bulk',
    { schema, bodyLimit: bulkBodyBytesMax, validatorCompiler: () => validatorOf(checkEnvelope) },
    async (request) => {
      const shared = requestContext(context, request)
      const results = await Promise.all(
        request.body.links.map((item, index) =>
          createItem(request, item, { ...shared, prefix: `links[${index}].` }),
        ),
      )
      return { results }
    },
  )
}

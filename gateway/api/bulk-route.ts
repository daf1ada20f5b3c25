/**
 * `POST /api/links/bulk`: create many links by one request.
 *
 * Every item is checked and decided by itself, all at the same time, so their log records share
 * batches and disk syncs. One wrong item fails alone. Items of one request go to their owners in
 * order: the same URL twice is created by the first and found by the second.
 */
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requestContext, type ApiContext } from './api-context.ts'
import { jsonReply, problemReplies } from './api-replies.ts'
import { toTinygridError } from '../http/error-reply.ts'
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
import { toProblem, type Problem } from '../http/problem.ts'
import { assertValid, compileSchema, validatorOf } from './validation.ts'

type BulkResult =
  | { readonly status: number; readonly link: LinkView }
  | { readonly status: number; readonly error: Problem }

interface ItemContext extends RequestContext {
  readonly request: FastifyRequest
  readonly baseUrl: string
}

/**
 * So many items are begun at a time: some milliseconds, so that redirects are answered in between.
 * What is begun together shares calls to other nodes and entries of the log.
 */
const ITEMS_PER_TURN = 500

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

  async function createItem(item: unknown, at: ItemContext): Promise<BulkResult> {
    try {
      assertValid(checkItem, item, at.prefix.slice(0, -1))
      const { link, isNew } = await context.creator.create(toDraft(item as NewLinkBody, at))
      return { status: isNew ? 201 : 200, link: viewOf(link, at.baseUrl) }
    } catch (thrown) {
      const error = toTinygridError(thrown)
      const instance = context.errors.report(at.request, error)
      return { status: error.status, error: toProblem(error, instance) }
    }
  }

  app.post<{ Body: { links: readonly unknown[] } }>(
    '/api/links/bulk',
    { schema, bodyLimit: bulkBodyBytesMax, validatorCompiler: () => validatorOf(checkEnvelope) },
    async (request) => {
      const baseUrl = context.address.baseUrl(request)
      const shared = { ...requestContext(context, request), request, baseUrl }
      const results: Promise<BulkResult>[] = []
      for (const [index, item] of request.body.links.entries()) {
        if (index % ITEMS_PER_TURN === 0) await setImmediate()
        results.push(createItem(item, { ...shared, prefix: `links[${index}].` }))
      }
      return { results: await Promise.all(results) }
    },
  )
}

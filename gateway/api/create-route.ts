/**
 * `POST /api/links`: create one link.
 */
import type { FastifyInstance } from 'fastify'
import { domainOf, plainCodeOf } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import { noteLink } from '../audit/noted-changes.ts'
import { requestContext, sendLink, type ApiContext } from './api-context.ts'
import { assertMayMake, callerOf } from './caller.ts'
import { linkOrShortLinkReply, linkReply, problemReplies } from './api-replies.ts'
import { IDEMPOTENCY_KEY, parseIdempotencyKey } from './idempotency.ts'
import { toDraft } from './link-request.ts'
import { idempotencyKeySchema, newLinkSchema, type NewLinkBody } from './link-schemas.ts'
import { shortViewOf } from './link-view.ts'

const IDEMPOTENCY_KEY_HEADER = IDEMPOTENCY_KEY.toLowerCase()

export function createRoute(app: FastifyInstance, context: ApiContext): void {
  const { settings, creator } = context
  const replyOf = settings.publicCreate ? linkOrShortLinkReply : linkReply
  const schema = {
    summary: 'Create a link',
    description:
      'The same URL gives the same link again (200) unless reuse is false or anything else is set. ' +
      'Who is not sure whether a request arrived can send it again with its Idempotency-Key.',
    tags: ['links'],
    ...(settings.publicCreate ? { security: [{}] } : {}),
    headers: idempotencyKeySchema,
    body: newLinkSchema(settings),
    response: {
      201: replyOf('The new link', 'Location', 'ETag'),
      200: replyOf('The link that this URL has already', 'Location', 'ETag'),
      ...problemReplies(400, 401, 409, 413, 415, 429, 503),
    },
  }
  app.post<{ Body: NewLinkBody }>('/api/links', { schema }, async (request, reply) => {
    const draft = toDraft(request.body, requestContext(context, request))
    assertMayMake(request, draft)
    const { check } = context.blocking
    // Nobody waits for a check that there is not.
    if (check !== undefined) await check.assertAllowed(draft, draft.alias)
    const key = parseIdempotencyKey(request.headers[IDEMPOTENCY_KEY_HEADER])
    const { link, isNew } = await creator.create(draft, key)
    if (isNew && context.audit.isOn) await noteLink(context, request, 'link.created', link)
    reply.code(isNew ? 201 : 200).header('location', locationOf(link.code))
    // An entity tag is a digest of title and tags, which could be guessed by it.
    if (callerOf(request) === undefined) {
      return shortViewOf(link, context.address.baseUrl(request))
    }
    return sendLink(context, request, reply, link)
  })
}

function locationOf(code: Code): string {
  const domain = domainOf(code)
  const path = `/api/links/${plainCodeOf(code)}`
  return domain === null ? path : `${path}?domain=${domain}`
}

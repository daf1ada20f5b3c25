/**
 * `/api/links/:code`: read, change, delete, restore and purge one link.
 *
 * A deleted link answers 410 and keeps its code. If-Match is passed on to the owner, which alone can
 * compare it with the newest version in the same turn as the change.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { entityTag, matchesEntityTag } from '../../links/entity-tag.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Link } from '../../links/link.ts'
import type { LinkChanges, WriteResult } from '../../links/link-owner.ts'
import { parsePassword } from '../../links/password-hash.ts'
import {
  codeParam,
  ifMatchOf,
  requestContext,
  sendLink,
  visitsOf,
  type ApiContext,
} from './api-context.ts'
import { linkQuerySchema } from './domain-fields.ts'
import { linkBefore, noteLink } from '../audit/noted-changes.ts'
import { emptyReply, linkReply, problemReplies } from './api-replies.ts'
import { assertMayChange, assertTagged, tagsOfCaller } from './caller.ts'
import { toChanges } from './link-request.ts'
import {
  codeParamsSchema,
  deleteQuerySchema,
  ifMatchSchema,
  ifNoneMatchSchema,
  linkChangesSchema,
  type LinkChangesBody,
} from './link-schemas.ts'
import { goneError } from '../pages/visitor-pages.ts'

const PATH = '/api/links/:code'

export function linkRoutes(app: FastifyInstance, context: ApiContext): void {
  readRoute(app, context)
  updateRoute(app, context)
  deleteRoute(app, context)
  restoreRoute(app, context)
}

function readRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    summary: 'Read a link',
    description: 'Expired and used up links are shown too; deleted ones answer 410.',
    tags: ['links'],
    params: codeParamsSchema,
    querystring: linkQuerySchema,
    headers: ifNoneMatchSchema,
    response: {
      200: linkReply('The link', 'ETag'),
      304: emptyReply('Not changed since If-None-Match'),
      ...problemReplies(400, 401, 404, 410, 503),
    },
  }
  app.get(PATH, { schema }, async (request, reply) => {
    const link = await context.owner.read(codeParam(context, request))
    if (link === undefined) throw new TinygridError('link_not_found')
    if (link.lifecycle === 'deleted') throw goneError('deleted')
    const visits = await visitsOf(context, link)
    if (visits === null && isKnown(request, link)) {
      return reply.code(304).header('etag', entityTag(link)).send()
    }
    return sendLink(context, request, reply, link, visits)
  })
}

/** Visits are not part of the tag, so a link that counts them is always sent. */
function isKnown(request: FastifyRequest, link: Link): boolean {
  const known = request.headers['if-none-match']
  if (known === undefined || link.maxVisits !== null) return false
  return matchesEntityTag(known.replaceAll('W/', ''), link)
}

function updateRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    summary: 'Change a link',
    tags: ['links'],
    params: codeParamsSchema,
    querystring: linkQuerySchema,
    headers: ifMatchSchema,
    body: linkChangesSchema(context.settings),
    response: {
      200: linkReply('The link as it is now', 'ETag'),
      ...problemReplies(400, 401, 404, 410, 412, 413, 415, 503),
    },
  }
  app.patch<{ Body: LinkChangesBody }>(PATH, { schema }, async (request, reply) => {
    const code = codeParam(context, request)
    const changes = {
      ...toChanges(request.body, requestContext(context, request)),
      ...(await passwordChange(context, request.body.password)),
    }
    if (changes.tags !== undefined) assertTagged(tagsOfCaller(request), changes.tags)
    await assertMayChange(request, context.owner, code)
    await context.blocking.check?.assertAllowed(changes, code)
    const before = await linkBefore(context, code)
    const result = await context.owner.write({
      kind: 'update',
      code,
      changes,
      ...ifMatchOf(request),
    })
    const link = changedLink(result)
    await noteLink(context, request, 'link.changed', link, before)
    return sendLink(context, request, reply, link, await visitsOf(context, link))
  })
}

/** @throws TinygridError invalid_field, passwords_waiting */
export async function passwordChange(
  { passwords }: Pick<ApiContext, 'passwords'>,
  given: string | null | undefined,
): Promise<LinkChanges> {
  if (given === undefined) return {}
  const password = parsePassword(given)
  return { passwordHash: password === null ? null : await passwords.hash(password) }
}

function deleteRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    summary: 'Delete a link',
    description: 'The code stays taken and the link can be restored, unless it is purged.',
    tags: ['links'],
    params: codeParamsSchema,
    headers: ifMatchSchema,
    querystring: deleteQuerySchema,
    response: { 204: emptyReply('Deleted'), ...problemReplies(400, 401, 404, 410, 412, 503) },
  }
  app.delete<{ Querystring: { purge?: string } }>(PATH, { schema }, async (request, reply) => {
    const kind = request.query.purge === 'true' ? 'purge' : 'delete'
    const code = codeParam(context, request)
    await assertMayChange(request, context.owner, code)
    const before = await linkBefore(context, code)
    const link = changedLink(await context.owner.write({ kind, code, ...ifMatchOf(request) }))
    const action = kind === 'purge' ? 'link.purged' : 'link.deleted'
    await noteLink(context, request, action, link, before)
    if (kind === 'delete') reply.header('etag', entityTag(link))
    return reply.code(204).send()
  })
}

function restoreRoute(app: FastifyInstance, context: ApiContext): void {
  const schema = {
    summary: 'Restore a deleted link',
    tags: ['links'],
    params: codeParamsSchema,
    querystring: linkQuerySchema,
    headers: ifMatchSchema,
    response: {
      200: linkReply('The link, live again', 'ETag'),
      ...problemReplies(400, 401, 404, 409, 412, 503),
    },
  }
  app.post(`${PATH}/restore`, { schema }, async (request, reply) => {
    const code = codeParam(context, request)
    await assertMayChange(request, context.owner, code)
    const before = await linkBefore(context, code)
    const result = await context.owner.write({ kind: 'restore', code, ...ifMatchOf(request) })
    const link = changedLink(result)
    await noteLink(context, request, 'link.restored', link, before)
    return sendLink(context, request, reply, link, await visitsOf(context, link))
  })
}

/** The owner alone can tell: of the two times a change names one, or none. */
function unfit(): TinygridError {
  const detail = 'validFrom must be before expiresAt: the link would expire before it is valid'
  return new TinygridError('invalid_field', { field: 'validFrom', detail })
}

/** The link after a change; throws what the owner answered otherwise. */
export function changedLink(result: WriteResult): Link {
  switch (result.kind) {
    case 'done':
      return result.link
    case 'absent':
      throw new TinygridError('link_not_found')
    case 'gone':
      throw goneError(result.reason)
    case 'not_deleted':
      throw new TinygridError('link_not_deleted')
    case 'unfit':
      throw unfit()
    case 'stale':
      throw new TinygridError('precondition_failed')
    default:
      throw new Error(`a change was answered with ${result.kind}`)
  }
}

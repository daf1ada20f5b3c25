/**
 * A few routes of Bitly's interface, version 4: shorten, create, read and expand.
 *
 * The key is ours, as `Authorization: Bearer`. A bitlink is named by host and code, as there: `sho.rt/abc`. Groups
 * and organisations are not here: what is said of them is left alone. A domain that the service does not have is
 * refused, as its links would not lead anywhere.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../../links/errors.ts'
import type { Domain } from '../../../links/full-code.ts'
import type { Code } from '../../../links/ids.ts'
import type { Link } from '../../../links/link.ts'
import { presentedKey } from '../../api/authentication.ts'
import { codeOfShortUrl } from '../../api/short-url.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { domainOfRequest } from '../foreign-domain.ts'
import { foreignField } from '../foreign-field.ts'
import { foreignScope } from '../foreign-scope.ts'
import { ForeignLinks } from '../foreign-links.ts'

/** What people send whose tool has it built in. */
const BITLY_DOMAINS: ReadonlySet<unknown> = new Set(['bit.ly', 'j.mp', 'bitly.com'])

type Body = Readonly<Record<string, unknown>>

export function bitlyInterface(app: FastifyInstance, context: ForeignContext): void {
  foreignScope(app, context, {
    sendError: (request, reply, error) => sendBitlyError(context, request, reply, error),
    keyOf: ({ headers }) => presentedKey(headers),
    keyIsIn: 'headers',
  })
  const links = new ForeignLinks(context)
  createRoutes(app, context, links)

  app.post('/v4/expand', async (request) => {
    const { bitlink_id: id } = bodyOf(request)
    const link = await links.live(request, codeOf(context, request, id))
    const { created_at, link: shortUrl, id: name, long_url } = bitlinkOf(context, request, link)
    return { created_at, link: shortUrl, id: name, long_url }
  })

  app.get('/v4/bitlinks/*', async (request) => {
    const { '*': id } = request.params as { '*': string }
    return bitlinkOf(context, request, await links.live(request, codeOf(context, request, id)))
  })
}

function createRoutes(app: FastifyInstance, context: ForeignContext, links: ForeignLinks): void {
  const create = async (request: FastifyRequest, reply: FastifyReply, options: object) => {
    const body = bodyOf(request)
    const domain = domainOf(context, request, body['domain'])
    const { long_url: url } = body
    if (url === undefined) throw new TinygridError('missing_field', { field: 'url' })
    const asked = { ...options, url: url as string, ...(domain !== null && { domain }) }
    const { link, isNew } = await links.create(request, { body: asked, reuse: 'plain' })
    return reply.code(isNew ? 201 : 200).send(bitlinkOf(context, request, link))
  }
  app.post('/v4/shorten', (request, reply) => create(request, reply, {}))
  app.post('/v4/bitlinks', (request, reply) => {
    const { title, tags, keyword, expiration_at: expiresAt } = bodyOf(request)
    return create(request, reply, {
      ...(title ? { title } : {}),
      ...(Array.isArray(tags) && tags.length > 0 ? { tags } : {}),
      ...(keyword ? { code: keyword } : {}),
      ...(expiresAt ? { expiresAt } : {}),
    })
  })
}

function bitlinkOf({ address }: ForeignContext, request: FastifyRequest, link: Link) {
  const shortUrl = address.shortUrl(request, link.code)
  return {
    created_at: `${new Date(link.createdAt).toISOString().slice(0, 19)}+0000`,
    id: shortUrl.replace(/^https?:\/\//, ''),
    link: shortUrl,
    custom_bitlinks: [],
    long_url: link.url,
    title: link.title ?? '',
    archived: false,
    tags: link.tags,
    deeplinks: [],
    references: {},
  }
}

function bodyOf({ body }: FastifyRequest): Body {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  throw new TinygridError('invalid_json', { detail: 'Send an object as JSON' })
}

/** @throws TinygridError link_not_found */
function codeOf({ address }: ForeignContext, request: FastifyRequest, id: unknown): Code {
  const code = typeof id === 'string' ? codeOfShortUrl(id, address.own(request)) : undefined
  if (code === undefined) throw new TinygridError('link_not_found')
  return code
}

/** null: the default one. @throws TinygridError invalid_field */
function domainOf(context: ForeignContext, request: FastifyRequest, given: unknown): Domain | null {
  const name = typeof given === 'string' ? given.toLowerCase() : given
  return BITLY_DOMAINS.has(name) ? null : domainOfRequest(context, request, name)
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  url: 'long_url',
  code: 'keyword',
  expiresAt: 'expiration_at',
}

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'FORBIDDEN',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  413: 'REQUEST_ENTITY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMIT_EXCEEDED',
  503: 'TEMPORARILY_UNAVAILABLE',
}

/** Bitly answers a wrong token with 403. */
function statusOf({ code, status }: TinygridError): number {
  if (code === 'unauthorized') return 403
  return code === 'link_deleted' ? 404 : status
}

function sendBitlyError(
  { errors }: ForeignContext,
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): FastifyReply {
  const { error } = errors.noted(request, reply, thrown)
  const status = statusOf(error)
  const field = foreignField(error, FIELD_NAMES)
  const isField = status === 400 && field !== ''
  return reply.code(status).send({
    message: isField
      ? `INVALID_ARG_${field.toUpperCase()}`
      : (MESSAGES[status] ?? 'INTERNAL_ERROR'),
    resource: 'bitlinks',
    description: error.message,
    ...(isField ? { errors: [{ field, error_code: 'invalid' }] } : {}),
  })
}

/**
 * The OpenAPI document, made from the route schemas, and its page.
 *
 * `/openapi.json` is for programs, `/docs/api` for people. The page is Swagger UI from our own files,
 * under a policy of its own. Both are open: they tell nothing that the source does not.
 */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { ERRORS } from '../../links/errors.ts'
import { REDIRECT_STATUSES } from '../../links/link.ts'
import { DATA_SECURITY_HEADERS, SECURITY_HEADERS } from '../http/security-headers.ts'
import { SOURCES } from '../../links/link-owner.ts'
import { shareFiles } from '../http/shared-files.ts'
import { mayBeLeftOut } from '../api/json-body.ts'
import { problemReplies } from '../api/api-replies.ts'
import { PASSWORD_FIELD } from '../passwords/password-page.ts'

/** The one style element that Swagger UI adds itself; without it the page only looks plainer. */
const DOCS_STYLE_HASH = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"

const DOCS_POLICY = [
  "default-src 'self'",
  `style-src 'self' ${DOCS_STYLE_HASH}`,
  "img-src 'self' data:",
  "base-uri 'none'",
  "object-src 'none'",
  "frame-ancestors 'none'",
].join('; ')

interface Bodied {
  readonly requestBody?: {
    required: boolean
    readonly content: Readonly<Record<string, { readonly schema: object }>>
  }
}

/** Call before the routes that it shall describe. @param sessionCookie undefined: nobody signs in */
export async function describeRoutes(
  app: FastifyInstance,
  baseUrl: string | undefined,
  sessionCookie?: string,
): Promise<void> {
  const session = { type: 'apiKey', in: 'cookie', name: sessionCookie ?? '' } as const
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tinygrid', version: '1', description: introduction() },
      servers: [{ url: baseUrl ?? '/' }],
      tags: [
        { name: 'links', description: 'Make, find and change links' },
        { name: 'statistics', description: 'Ask about clicks' },
        { name: 'visitors', description: 'What a short link answers' },
        { name: 'operation', description: 'For load balancers and monitoring' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
          ...(sessionCookie === undefined ? {} : { session }),
        },
      },
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      const { openapiObject } = document
      for (const path of Object.values(openapiObject.paths ?? {})) {
        for (const { requestBody } of Object.values(path ?? {}) as Bodied[]) {
          const schema = requestBody?.content['application/json']?.schema
          if (mayBeLeftOut(schema)) requestBody!.required = false
        }
      }
      return { ...openapiObject, paths: { ...openapiObject.paths, ...visitorPaths } }
    },
  })
}

/** Call after the routes. */
export async function documentRoutes(app: FastifyInstance): Promise<void> {
  const schema = {
    summary: 'This document',
    tags: ['operation'],
    response: {
      200: {
        description: 'OpenAPI 3.1',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    },
  }
  // Written once, when all routes are known: all answers share its bytes.
  let document: Buffer | undefined
  app.get('/openapi.json', { schema }, (_request, reply) =>
    reply
      .headers(DATA_SECURITY_HEADERS)
      .type('application/json; charset=utf-8')
      .send((document ??= Buffer.from(JSON.stringify(app.swagger())))),
  )
  await app.register(async (docs) => {
    shareFiles(docs)
    docs.addHook('onRequest', (_request, reply, done) => {
      reply.headers(SECURITY_HEADERS)
      done()
    })
    await docs.register(swaggerUi, {
      routePrefix: '/docs/api',
      staticCSP: DOCS_POLICY,
      uiConfig: { deepLinking: true, persistAuthorization: false },
    })
  })
}

function introduction(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  )
  return [
    'Short links and their settings. Errors are `application/problem+json` with a stable `code`:',
    ['| code | status | meaning |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n')
}

const codeParameter = {
  in: 'path' as const,
  name: 'code',
  required: true,
  schema: { type: 'string' as const },
}

const page = { 'text/html': { schema: { type: 'string' as const } } }

const redirectReply = {
  description: 'To the URL of the link',
  headers: {
    Location: { schema: { type: 'string' as const, format: 'uri' } },
    'X-Tinygrid-Source': {
      description:
        'Only with the API key: who answered; of 404 and 410 too. stale: a node that was the ' +
        'owner and is cut off',
      schema: { type: 'string' as const, enum: [...SOURCES] },
    },
  },
}

function visit(summary: string, description: string) {
  return {
    summary,
    description,
    tags: ['visitors'],
    parameters: [codeParameter],
    responses: {
      200: {
        description: 'The form of a link with a password; of one with maxVisits, what chats show',
        content: page,
      },
      ...Object.fromEntries(REDIRECT_STATUSES.map((status) => [status, redirectReply])),
      ...visitorProblems(403, 404, 410, 431, 503),
    },
  }
}

/** As pages or as data. */
function visitorProblems(...statuses: readonly number[]) {
  const replies = Object.entries(problemReplies(...statuses)).map(([status, reply]) => {
    const content = { ...(reply['content'] as object), ...page }
    return [status, { ...reply, content }]
  })
  return Object.fromEntries(replies) as Record<number, object>
}

const passwordForm = {
  'application/x-www-form-urlencoded': {
    schema: {
      type: 'object' as const,
      required: [PASSWORD_FIELD],
      properties: { [PASSWORD_FIELD]: { type: 'string' as const } },
    },
  },
}

const ERRORS_AS = 'Errors are pages, or problem+json for who prefers that.'

const visitorPaths = {
  '/{code}': {
    get: visit('Follow a short link', `Counts as a visit of a link with maxVisits. ${ERRORS_AS}`),
    head: visit('Where a short link leads', `Counts nothing. ${ERRORS_AS}`),
    post: {
      summary: 'Follow a link with a password',
      description: `As its form sends it; after a right one a visit, as for GET. ${ERRORS_AS}`,
      tags: ['visitors'],
      parameters: [codeParameter],
      requestBody: { required: true, content: passwordForm },
      responses: { 303: redirectReply, ...visitorProblems(403, 404, 405, 410, 413, 429, 431, 503) },
    },
  },
  '/{code}+': {
    get: {
      summary: 'Preview a short link',
      description: `A page that shows where it leads; not a visit. ${ERRORS_AS}`,
      tags: ['visitors'],
      parameters: [codeParameter],
      responses: {
        200: { description: 'The page', content: page },
        ...visitorProblems(403, 404, 410, 431, 503),
      },
    },
  },
}

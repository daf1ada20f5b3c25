/**
 * The OpenAPI description of short links themselves.
 *
 * Written by hand, because their route answers without Fastify's schemas, and the preview shares it.
 */
import { SOURCES } from '../../links/link-owner.ts'
import { problemReplies } from '../api/api-replies.ts'

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
    responses: { 302: redirectReply, ...problemReplies(404, 410, 503) },
  }
}

const ERRORS_AS = 'Errors are pages, or problem+json for who prefers that.'

export const visitorPaths = {
  '/{code}': {
    get: visit('Follow a short link', `Counts as a visit of a link with maxVisits. ${ERRORS_AS}`),
    head: visit('Where a short link leads', `Counts nothing. ${ERRORS_AS}`),
  },
  '/{code}+': {
    get: {
      summary: 'Preview a short link',
      description: `A page that shows where it leads; not a visit. ${ERRORS_AS}`,
      tags: ['visitors'],
      parameters: [codeParameter],
      responses: {
        200: { description: 'The page', content: page },
        ...problemReplies(404, 410, 503),
      },
    },
  },
}

/**
 * How the API's replies are described in the OpenAPI document.
 *
 * Only documents: replies are serialised by JSON.stringify, and a test holds them to the schemas.
 */
import { STATUS_CODES } from 'node:http'
import { Type, type TSchema } from 'typebox'
import { linkSchema, problemSchema, shortLinkSchema } from './link-schemas.ts'

/** Of what is written as JSON already. */
export const JSON_TYPE = 'application/json; charset=utf-8'

const ERROR_HEADERS = {
  'X-Request-Id': { type: 'string', description: 'Names the request in the logs of the server' },
}

type ReplySchema = Readonly<Record<string, unknown>>

const HEADERS: Readonly<Record<string, string>> = {
  ETag: 'Changes with every change of the link, but not with its visits',
  Location: 'The link in the API',
}

export function jsonReply(description: string, schema: TSchema): ReplySchema {
  return { description, content: { 'application/json': { schema } } }
}

export function linkReply(description: string, ...headers: readonly string[]): ReplySchema {
  return replyWith(linkSchema, description, headers)
}

/** Without a key no more than the short link is told, and no entity tag. */
export function linkOrShortLinkReply(
  description: string,
  ...headers: readonly string[]
): ReplySchema {
  return replyWith(Type.Union([linkSchema, shortLinkSchema]), description, headers)
}

function replyWith(schema: TSchema, description: string, headers: readonly string[]): ReplySchema {
  const described = headers.map((name) => [name, { type: 'string', description: HEADERS[name] }])
  return { ...jsonReply(description, schema), headers: Object.fromEntries(described) }
}

export function emptyReply(description: string): ReplySchema {
  return { description, type: 'null' }
}

export function problemReplies(...statuses: readonly number[]): Record<number, ReplySchema> {
  const content = { 'application/problem+json': { schema: problemSchema } }
  const replies = statuses.map((status) => [
    status,
    { description: STATUS_CODES[status] ?? 'Error', content, headers: ERROR_HEADERS },
  ])
  return Object.fromEntries(replies) as Record<number, ReplySchema>
}

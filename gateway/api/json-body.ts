/**
 * Reads request bodies: JSON in UTF-8, and nothing else.
 *
 * Replaces Fastify's parsers, of which one takes plain text, and the other turns bytes that are no
 * UTF-8 into replacement characters. A key such as `__proto__` is parsed as an ordinary one (that
 * is how JSON.parse makes it) and refused by the schemas. An empty body is none, because many
 * clients name a content type whether they send something or not; and where nothing has to be in a body, none will do.
 */
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'

const BYTE_ORDER_MARK = '\ufeff'

type Done = (error: Error | null, body?: unknown) => void

/** @param read what becomes of the bytes; by default what they say */
export function acceptJsonOnly(
  app: FastifyInstance,
  read: (body: Buffer) => unknown = parseJson,
): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done: Done) => {
      try {
        assertPlain(request)
        done(null, read(body))
      } catch (error) {
        done(error as Error)
      }
    },
  )
}

/** Whether no body says as much as an empty one: an object without a field that has to be there. */
export function mayBeLeftOut(schema: unknown): boolean {
  const { type, required = [] } = (schema ?? {}) as { type?: unknown; required?: unknown[] }
  return type === 'object' && required.length === 0
}

/** For the validation of routes whose body may be left out. */
export function takeNoBody(request: FastifyRequest, _reply: unknown, done: () => void): void {
  if (request.body === undefined) request.body = {}
  done()
}

function assertPlain({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return
  const detail = 'Send the body without Content-Encoding'
  throw new TinygridError('unsupported_media_type', { detail })
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw new TinygridError('invalid_json', { detail: 'The body is not UTF-8' })
  const text = body.toString()
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text) as unknown
  } catch (cause) {
    throw new TinygridError('invalid_json', { detail: (cause as Error).message, cause })
  }
}

/**
 * Reads the body of a small form: one field of it.
 *
 * Used by the route of links with a password alone; everything else takes JSON. A body of another type is
 * read, as long as it is as small, and means nothing.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'

const FORM_TYPE = 'application/x-www-form-urlencoded'

type Done = (error: null, body?: unknown) => void

export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const options = { parseAs: 'string' } as const
  app.addContentTypeParser(FORM_TYPE, options, (_request: unknown, body: string, done: Done) => {
    done(null, new URLSearchParams(body))
  })
  app.addContentTypeParser('*', options, (_request: unknown, _body: string, done: Done) => {
    done(null)
  })
}

/** undefined: there is no such field, or no form. */
export function fieldOf({ body }: FastifyRequest, name: string): string | undefined {
  return body instanceof URLSearchParams ? (body.get(name) ?? undefined) : undefined
}

/**
 * How an error leaves the gateway: as problem+json, or as a page where a person may be reading.
 *
 * Used by the error handler, the redirect route and the not-found handler. What is not an operating
 * error becomes `internal`: its cause is logged with an id that the reply repeats, and told to nobody.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { TinygridError } from '../../links/errors.ts'
import { prefersData } from './accept.ts'
import { fromFrameworkError } from './framework-errors.ts'
import { HTML_TYPE } from '../pages/page.ts'
import { PROBLEM_TYPE, toProblem } from './problem.ts'
import { pathOfTarget } from './request-target.ts'
import { DATA_SECURITY_HEADERS, SECURITY_HEADERS } from './security-headers.ts'
import { errorPage } from '../pages/visitor-pages.ts'

/** The operating error behind whatever was thrown. */
export function toTinygridError(error: unknown): TinygridError {
  if (error instanceof TinygridError) return error
  return fromFrameworkError(error) ?? new TinygridError('internal', { cause: error })
}

export class ErrorReplies {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Replies as data; for the API. */
  sendProblem(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
    const error = toTinygridError(thrown)
    const instance = this.report(request, error)
    return withHeaders(reply, error)
      .headers(DATA_SECURITY_HEADERS)
      .header('content-type', PROBLEM_TYPE)
      .send(JSON.stringify(toProblem(error, instance)))
  }

  /** Replies as a page, or as data to who prefers that; for addresses that people open. */
  sendPage(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
    if (prefersData(request.headers.accept)) return this.sendProblem(request, reply, thrown)
    const error = toTinygridError(thrown)
    this.report(request, error)
    return withHeaders(reply, error)
      .headers(SECURITY_HEADERS)
      .header('content-type', HTML_TYPE)
      .send(errorPage(error))
  }

  /**
   * Logs what went wrong here; returns the id of the line. What the system refuses under load is
   * counted and reported where it arises; one line per request would be a load of its own.
   */
  report(request: FastifyRequest, error: TinygridError): string | undefined {
    if (error.status < 500) return undefined
    const instance = `urn:uuid:${randomUUID()}`
    const path = pathOfTarget(request.raw.url!)
    const line = { instance, method: request.method, path, err: error }
    if (error.code === 'internal') this.#logger.error(line, 'request failed')
    else this.#logger.debug(line, 'request refused')
    return instance
  }
}

function withHeaders(reply: FastifyReply, error: TinygridError): FastifyReply {
  reply.code(error.status).header('cache-control', 'no-store')
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="tinygrid"')
  return reply
}

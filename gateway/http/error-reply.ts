/**
 * How an error leaves the gateway: as problem+json, or as a page where a person may be reading.
 *
 * Used by the error handler, the redirect route and the not-found handler. What is not an operating
 * error becomes `internal`: its cause is logged with an id that the reply repeats, and told to nobody.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { ERRORS, TinygridError, type ErrorCode } from '../../links/errors.ts'
import { HTML_TYPE } from '../pages/page.ts'
import { PROBLEM_TYPE, toProblem } from './problem.ts'
import { REQUEST_ID_HEADER } from './request-ids.ts'
import { pathOfTarget } from './request-target.ts'
import { DATA_SECURITY_HEADERS, SECURITY_HEADERS } from './security-headers.ts'
import { errorPage } from '../pages/visitor-pages.ts'

/** Fastify's own errors, by code and then by status, in the words of our table. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
  FST_ERR_NOT_FOUND: 'not_found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
}

const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  403: 'not_found',
  404: 'not_found',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  503: 'shutting_down',
}

const PAGE_TYPES = ['text/html', 'text/*', '*/*']
const DATA_TYPES = ['application/problem+json', 'application/json', 'application/*', '*/*']

/** The operating error behind whatever was thrown. */
export function toTinygridError(error: unknown): TinygridError {
  if (error instanceof TinygridError) return error
  return fromFrameworkError(error) ?? new TinygridError('internal', { cause: error })
}

/** Errors that are no fault of the client's. */
const SERVER_CODES = (Object.keys(ERRORS) as ErrorCode[]).filter(
  (code) => ERRORS[code].status >= 500,
)

export class ErrorReplies {
  readonly #logger: Logger
  /** Of those of the server, each with its code, since the process started; 0 is told, too. */
  readonly counts: { [K in ErrorCode]?: number } = Object.fromEntries(
    SERVER_CODES.map((code) => [code, 0]),
  )

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Replies as data; for the API. */
  sendProblem(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
    const error = toTinygridError(thrown)
    return send(request, reply, error, 'data', this.report(request, error))
  }

  /** Replies as a page, or as data to who prefers that; for addresses that people open. */
  sendPage(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
    if (prefersData(request.headers.accept)) return this.sendProblem(request, reply, thrown)
    const error = toTinygridError(thrown)
    this.report(request, error)
    return send(request, reply, error, 'page')
  }

  /** For a reply in the form of others: the operating error, reported, with its `Retry-After` on the reply. */
  noted(
    request: FastifyRequest,
    reply: FastifyReply,
    thrown: unknown,
  ): { error: TinygridError; instance: string | undefined } {
    const error = toTinygridError(thrown)
    const instance = this.report(request, error)
    tellId(request, reply, error)
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
    return { error, instance }
  }

  /**
   * Counts and logs what went wrong here; returns the id of the line. What the system refuses under load is
   * counted and reported where it arises; one line per request would be a load of its own.
   */
  report(request: FastifyRequest, error: TinygridError): string | undefined {
    if (error.status < 500) return undefined
    this.counts[error.code] = (this.counts[error.code] ?? 0) + 1
    const instance = `urn:uuid:${randomUUID()}`
    const path = pathOfTarget(request.raw.url!)
    const line = { requestId: request.id, instance, method: request.method, path, err: error }
    if (error.code === 'internal') this.#logger.error(line, 'request failed')
    else this.#logger.debug(line, 'request refused')
    return instance
  }
}

export type Form = 'page' | 'data'

/** An error as a client gets it, but for what every answer of the server has. @param instance of data */
export function formOf(
  error: TinygridError,
  form: Form,
  instance?: string,
): { headers: Readonly<Record<string, string | number>>; body: string } {
  const { retryAfterSeconds, code } = error
  const headers = {
    'cache-control': 'no-store',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': retryAfterSeconds }),
    ...(code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="tinygrid"' } : {}),
  }
  return form === 'page'
    ? {
        headers: { ...headers, ...SECURITY_HEADERS, 'content-type': HTML_TYPE },
        body: errorPage(error),
      }
    : {
        headers: { ...headers, ...DATA_SECURITY_HEADERS, 'content-type': PROBLEM_TYPE },
        body: JSON.stringify(toProblem(error, instance)),
      }
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  error: TinygridError,
  form: Form,
  instance?: string,
): FastifyReply {
  const { headers, body } = formOf(error, form, instance)
  tellId(request, reply, error)
  return reply.code(error.status).headers(headers).send(body)
}

/** What is wrong here has lines in a log. */
function tellId(request: FastifyRequest, reply: FastifyReply, { status }: TinygridError): void {
  if (status >= 500) reply.header(REQUEST_ID_HEADER, request.id)
}

/** undefined for what is not the client's fault. */
function fromFrameworkError(error: unknown): TinygridError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const known = FRAMEWORK_CODES[String(code)]
  if (known !== undefined) return new TinygridError(known, { cause: error })
  if (error instanceof SyntaxError && statusCode === 400) {
    return new TinygridError('invalid_json', { cause: error })
  }
  if (typeof statusCode !== 'number' || statusCode < 400) return undefined
  const byStatus = CODES_BY_STATUS[statusCode] ?? (statusCode < 500 ? 'bad_request' : undefined)
  return byStatus === undefined ? undefined : new TinygridError(byStatus, { cause: error })
}

/**
 * Whether a client would rather have an error as data than as a page, by its Accept header. A browser
 * names `text/html`, a program `application/json` or `application/problem+json`; who names neither
 * or both alike gets the page.
 */
export function prefersData(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const weights = weightsOf(accept)
  return weightOf(DATA_TYPES, weights) > weightOf(PAGE_TYPES, weights)
}

/** The weight (q, 0 to 1) of each media range. */
export function weightsOf(accept: string): Map<string, number> {
  const ranges = accept.toLowerCase().split(',')
  return new Map(
    ranges.map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
      const q = parameters.find((parameter) => parameter.startsWith('q='))
      return [type, q === undefined ? 1 : Number(q.slice(2)) || 0]
    }),
  )
}

function weightOf(types: readonly string[], weights: ReadonlyMap<string, number>): number {
  return Math.max(0, ...types.map((type) => weights.get(type) ?? 0))
}

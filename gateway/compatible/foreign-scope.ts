/**
 * What each interface of another shortener begins with: what `api/api.ts` does for our own.
 *
 * The key and the role that the route needs, the headers, the access log, and no answer once the server stops;
 * only the words of an error are the interface's. A route without a role stops the start, unless it is open.
 */
import assert from 'node:assert/strict'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import { admitKey } from '../api/authentication.ts'
import { neededRole } from '../api/route-roles.ts'
import { REQUEST_ID_HEADER } from '../http/request-ids.ts'
import { changeLog } from '../http/request-times.ts'
import { DATA_SECURITY_HEADERS } from '../http/security-headers.ts'
import type { ForeignContext } from './foreign-context.ts'

export interface ForeignScope {
  /** Answers with an error in the words of the interface. */
  readonly sendError: (request: FastifyRequest, reply: FastifyReply, error: unknown) => FastifyReply
  /** Of the request; undefined: it has none. */
  readonly keyOf: (request: FastifyRequest) => string | undefined
  /** When the key is looked for: in headers before the body is read, else behind it. */
  readonly keyIsIn: 'headers' | 'body'
  /** Routes that need no key, as they are written. */
  readonly open?: ReadonlySet<string>
}

const HEADERS = { ...DATA_SECURITY_HEADERS, 'cache-control': 'no-store' }

export function foreignScope(
  app: FastifyInstance,
  { keys, logger, times, isClosing }: ForeignContext,
  { sendError, keyOf, keyIsIn, open = new Set() }: ForeignScope,
): void {
  app.addHook('onRoute', (route) => {
    const method = [route.method].flat()[0]!
    const isKnown = open.has(route.url) || neededRole(method, route.url) !== undefined
    assert(isKnown, `no role is said for ${method} ${route.url}`)
    route.schema = { ...route.schema, hide: true }
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS).header(REQUEST_ID_HEADER, request.id)
    done(isClosing() ? new TinygridError('shutting_down') : undefined)
  })
  const authenticate = (
    request: FastifyRequest,
    _reply: FastifyReply,
    done: (e?: Error) => void,
  ) => {
    if (open.has(request.routeOptions.url!)) return done()
    const key = keyOf(request)
    done(
      key === undefined
        ? new TinygridError('unauthorized', { detail: 'An API key is needed' })
        : admitKey(keys, request, key),
    )
  }
  app.addHook(keyIsIn === 'headers' ? 'onRequest' : 'preHandler', authenticate)
  app.addHook('onResponse', changeLog(logger, times))
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error))
}

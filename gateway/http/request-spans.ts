/**
 * A span for each request that Fastify answers, where the node traces; the request's handler works in it.
 *
 * It begins in the trace of the client, if `traceparent` (W3C Trace Context) names one. What is told of a
 * request is its method, the route, the status and the request's id: no path, query, code, target, address or
 * header.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { marked } from '../../links/request-mark.ts'
import { spanSink, type OpenSpan } from '../../links/tracing.ts'

export const TRACEPARENT = 'traceparent'

/** Are asked every few seconds, by machines. */
const UNTRACED = /^\/(?:health\/|metrics$)/

/** All that a handler does is marked with its request; after the body, whose events have no mark. */
export function markRequests(app: FastifyInstance): void {
  const sink = spanSink()
  if (sink === undefined) {
    app.addHook('preHandler', (request, _reply, done) => marked({ id: request.id }, done))
    return
  }
  const spans = new WeakMap<FastifyRequest, OpenSpan>()
  app.addHook('onRequest', (request, _reply, done) => {
    if (UNTRACED.test(request.routeOptions.url ?? '')) return done()
    const parent = request.headers[TRACEPARENT]
    const span = sink.begin(nameOf(request), {
      kind: 'server',
      parent: typeof parent === 'string' ? parent : undefined,
      attributes: {
        'http.request.method': request.method,
        'http.route': request.routeOptions.url ?? '',
        'tinygrid.request_id': request.id,
      },
    })
    if (span !== undefined) spans.set(request, span)
    done()
  })
  app.addHook('preHandler', (request, _reply, done) => {
    marked({ id: request.id, trace: spans.get(request)?.traceparent }, done)
  })
  app.addHook('onResponse', (request, { statusCode }, done) => {
    const span = spans.get(request)
    span?.set({ 'http.response.status_code': statusCode })
    span?.end(statusCode >= 500 ? new Error(`status ${statusCode}`) : undefined)
    done()
  })
}

function nameOf({ method, routeOptions }: FastifyRequest): string {
  return routeOptions.url === undefined ? method : `${method} ${routeOptions.url}`
}
